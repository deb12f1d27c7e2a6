"""What is measured, and its processes: without numpy, so that the first ones start while the command imports it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.transport.device import HERE, Device
from runner.transport.endpoint import WorkerOptions
from runner.transport.local import Worker

if TYPE_CHECKING:
    from runner.data.own_metric import OwnMetric
    from runner.measure.settings import Settings


@dataclass(frozen=True)
class Side:
    """What is measured. `session` is a module with `open_session`, `folder` the compiled artifact, `options` what
    `open_session` is given, `data` the data artifact, `reference` the float model's outputs on its test split,
    `rounding` how far rounding alone moves those (`float_reference.rounded`), `precision` the one asked for,
    `coarsest` the coarsest that ran, the file's own too ("": as asked): it says how far outputs may lie from the
    reference; `memory_mb` the most that its worker may hold, `device` where it is measured,
    `preprocess`: by input what is done to its raw samples on the host in each run, empty where nothing is;
    `keep_in_float` (by output) the nodes that may be left in float where quantising destroyed it, `metric` the user's
    function that scores it, where it is one."""

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
    metric: OwnMetric | None = None
    rounding: float = 0.0
    preprocess: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> Path:
        """The test split."""
        return self.data / "test.npz"


def on_two_devices(sides: Mapping[str, Side]) -> bool:
    """Whether the sides are measured on different devices: their addresses differ."""
    return len({side.device.name for side in sides.values()}) > 1


def order(roles: Sequence[str], seed: int, number: int) -> tuple[str, ...]:
    """Who goes first in pair `number`: drawn by seed, and the other way round in the next of two."""
    first = random.Random(f"{seed}/{number // 2}").randrange(2)
    return tuple(roles) if (first + number) % 2 == 0 else tuple(reversed(roles))


def opened(role: str, side: Side, folder: Path) -> Worker:
    """A fresh process for `side`, whose log goes to `folder`."""
    options = WorkerOptions(f"{role} {side.label}", side.threads, side.memory_mb, (side.session,))
    return side.device.open_worker(folder / f"{role}.log", options)


def cpus_of_pair(sides: Mapping[str, Side], settings: Settings, seed: int, number: int) -> tuple[int, ...] | None:
    """The CPUs that both processes of pair `number` run on; None: wherever the system puts them.

    One of two hardware threads may share its core with somebody else's work for seconds: a process on each would make
    that a difference between the sides. As one of the two runs at a time, they can share a CPU; the next pair takes
    the next one. Processes with threads of their own don't, as a pool's idle threads may spin on.
    """
    if settings.pin is None or not isinstance(settings.pin, str):
        return settings.pin
    if any(side.threads != 1 for side in sides.values()):
        return None
    allowed = next(iter(sides.values())).device.cpus()
    return (allowed[(seed + number) % len(allowed)],) if allowed else None


def pinned(worker: Worker, cpus: Sequence[int] | None, limit_s: float) -> dict[str, Any]:
    """Keep the process and all its threads on `cpus`: those that a session starts inherit them. What there is to say of
    it among a session's effective settings."""
    if cpus is None:
        return {}
    where, asked = "runner.worker.process", {"cpus": list(cpus)}
    return {"pinned_to_cpus": worker.ask("call", timeout=limit_s, module=where, function="pin", arguments=asked)}


@dataclass(frozen=True)
class Importing:
    """A process that was started before it is needed.

    It is busy until `importing` is done, which raises what went wrong.
    """

    worker: Worker
    importing: Future[None]


Started = dict[str, Importing]  # by role
