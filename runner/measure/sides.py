"""What is measured, and its processes: without numpy, so that the first ones start while the command imports it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.transport.device import HERE, Device
from runner.transport.local import Worker

if TYPE_CHECKING:
    from runner.telemetry.sampler import Sampler

Started = dict[str, Worker]  # processes by role, started before they are needed


@dataclass(frozen=True)
class Side:
    """What is measured. `session` is a module with `open_session`, `folder` the compiled artifact, `options` what
    `open_session` is given, `data` the data artifact, `reference` the float model's outputs on its test split,
    `precision` the one asked for, `coarsest` the coarsest that ran, the file's own too ("": as asked): it says how far
    outputs may lie from the reference; `memory_mb` the most that its worker may hold, `device` where it is measured,
    `keep_in_float` (by output) the nodes that may be left in float where quantising destroyed it."""

    label: str
    session: str
    folder: Path
    options: Mapping[str, Any]
    data: Path
    reference: Path | None
    batch: int = 1
    threads: int | None = None
    precision: str = "fp32"
    coarsest: str = ""
    memory_mb: float | None = None
    device: Device = HERE
    keep_in_float: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def inputs(self) -> Path:
        """The test split."""
        return self.data / "test.npz"


def order(roles: Sequence[str], seed: int, number: int) -> tuple[str, ...]:
    """Who goes first in pair `number`: drawn by seed, and the other way round in the next of two."""
    first = random.Random(f"{seed}/{number // 2}").randrange(2)
    return tuple(roles) if (first + number) % 2 == 0 else tuple(reversed(roles))


def opened(role: str, side: Side, folder: Path, sampler: Sampler | None) -> Worker:
    """A fresh process for `side`, whose log goes to `folder`; the sampler watches it."""
    log, name = folder / f"{role}.log", f"{role} {side.label}"
    worker = side.device.open_worker(
        log, name=name, threads=side.threads, memory_mb=side.memory_mb, modules=(side.session,)
    )
    if sampler:
        sampler.watch(role, worker.pid)
    return worker


@contextmanager
def starting(sides: Mapping[str, Side], seed: int, folder: Path, sampler: Sampler | None) -> Iterator[Started]:
    """The processes of the first pair, starting: whoever measures it takes them out, and what nobody took is closed.

    None of sides on two devices, of which one at a time has a process.
    """
    found: Started = {}
    try:
        if len({side.device.name for side in sides.values()}) == 1:
            for role in order(list(sides), seed, 0):
                found[role] = opened(role, sides[role], folder, sampler)
        yield found
    finally:
        for worker in found.values():
            worker.close()
