"""One replicate: a fresh process of the candidate and one of the baseline, alive together, taking turns.

Alternating short bursts, only one running at a time, puts both under the same conditions: what slows the machine
down for a second slows both. A benchmark without a baseline is the same with one process.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.endpoints.local import Worker, open_worker
from runner.measure import conditions
from runner.measure.settings import Settings

ROUNDS = 10  # turns that each side gets at least, however slow it is
INPUT_BYTES = 64_000_000  # memory for bound inputs: the worker's peak is to be the runtime's, not ours


@dataclass(frozen=True)
class Side:
    """What is measured. `session` is a module with `open_session`, `folder` the compiled artifact, `options` what
    `open_session` is given, `data` the data artifact, `reference` the float model's outputs on its test split."""

    label: str
    session: str
    folder: Path
    options: Mapping[str, Any]
    data: Path
    reference: Path | None
    batch: int = 1
    threads: int | None = None

    @property
    def inputs(self) -> Path:
        """The test split."""
        return self.data / "test.npz"


@dataclass(frozen=True)
class Timed:
    """One process's measurement. `ns` (iterations,); `starts_ns` and `sizes` (bursts,): when each burst began on the
    monotonic clock, and its iterations. `loaded` is the worker's answer to `load`."""

    ns: npt.NDArray[np.int64]
    starts_ns: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    finite: bool
    peak_rss_mb: float
    loaded: Mapping[str, Any]
    predicted: Path | None

    @property
    def median_ns(self) -> float:
        return float(np.median(self.ns))


@dataclass(frozen=True)
class Pair:
    """One replicate. `order`: the roles as they took turns; `sides` by role (`candidate`, and `baseline` if any);
    `before` and `after` the timed work: snapshots of `conditions`."""

    number: int
    order: tuple[str, ...]
    sides: Mapping[str, Timed]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def order(roles: Sequence[str], seed: int, number: int) -> tuple[str, ...]:
    """Who goes first in pair `number`: drawn by seed, and the other way round in the next of two."""
    first = random.Random(f"{seed}/{number // 2}").randrange(2)
    return tuple(roles) if (first + number) % 2 == 0 else tuple(reversed(roles))


Quiet = Callable[[], AbstractContextManager[None]]


def run_pair(
    sides: Mapping[str, Side],
    settings: Settings,
    seed: int,
    number: int,
    folder: Path,
    limit_s: float,
    predict: bool = False,
    quiet: Quiet = nullcontext,
) -> Pair:
    """Measures `sides` (`candidate`, and `baseline` if any) in fresh processes; logs go to `folder`.

    `quiet()` is entered when both are loaded and left when nothing is timed any more: whatever else of ours runs
    has to stand still in between. With `predict`, each also runs its test split through, untimed and last, into
    `folder/<role>.npz`. Raises what the workers raise: StepFailed where one died, StepTimeout where an answer took
    longer than `limit_s`.
    """
    turns = order(list(sides), seed, number)
    with ExitStack() as stack:
        processes = {
            role: stack.enter_context(_Process(role, sides[role], settings, seed + number, folder, limit_s))
            for role in turns
        }
        with quiet():
            sizes = turn_sizes({role: process.warm_up() for role, process in processes.items()}, settings)
            pids = (os.getpid(), *(process.worker.pid for process in processes.values()))
            before = conditions.read(pids)
            _take_turns(processes, sizes)
            after = conditions.read(pids)
        timed = {role: processes[role].result(folder if predict else None) for role in sides}
    return Pair(number, turns, timed, before, after)


def _take_turns(processes: Mapping[str, _Process], sizes: Mapping[str, int]) -> None:
    while not all(process.done for process in processes.values()):
        for role, process in processes.items():
            if not process.done:
                process.burst(sizes[role])


def turn_sizes(seconds: Mapping[str, float | None], settings: Settings) -> dict[str, int]:
    """`{role: iterations of one turn}` from the seconds that an iteration took in the warm-up (None: not known).

    At least `settings.burst` iterations and `settings.burst_seconds`, but fewer where that would leave less than
    ROUNDS turns. A side that needs several times as many iterations as the other gets as many times longer turns,
    so that both end together; sides about as fast as each other get equal ones.
    """
    needed = {role: _needed(one, settings) for role, one in seconds.items()}
    slowest = min(needed, key=lambda role: needed[role])
    wanted = max(settings.burst, math.ceil(settings.burst_seconds / (seconds[slowest] or math.inf)))
    unit = max(1, min(wanted, int(needed[slowest] // ROUNDS)))
    return {role: unit * max(1, round(count / needed[slowest])) for role, count in needed.items()}


def _needed(seconds: float | None, settings: Settings) -> float:
    """How many iterations a process will make."""
    if not seconds:
        return float(settings.iterations)
    needed = max(float(settings.iterations), settings.min_seconds / seconds)
    return needed if settings.max_seconds is None else max(1.0, min(needed, settings.max_seconds / seconds))


@dataclass
class _Process:
    """One worker with its session loaded, and what it has measured so far."""

    role: str
    side: Side
    settings: Settings
    seed: int
    folder: Path
    limit_s: float
    worker: Worker = field(init=False)
    loaded: Mapping[str, Any] = field(init=False)
    ns: list[int] = field(default_factory=list)
    starts_ns: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    total_ns: int = 0
    finite: bool = True

    def __enter__(self) -> _Process:
        log = self.folder / f"{self.role}.log"
        self.worker = open_worker(log, name=f"{self.role} {self.side.label}", threads=self.side.threads)
        try:
            self.loaded = self._load()
        except BaseException:
            self.worker.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.worker.close()

    def _load(self) -> Mapping[str, Any]:
        side = self.side
        answer: Mapping[str, Any] = self.worker.ask(
            "load",
            timeout=self.limit_s,
            session=side.session,
            folder=side.folder,
            options=dict(side.options),
            inputs=side.inputs,
            batch=side.batch,
            samples=different_inputs(side, self.settings.inputs),
            seed=self.seed,
        )
        return answer

    def warm_up(self) -> float | None:
        """Seconds an iteration took; None where there was none."""
        settings = self.settings
        answer = self.worker.ask(
            "warmup", timeout=self.limit_s, iterations=settings.warmup, seconds=settings.warmup_seconds
        )
        return answer["seconds"] / answer["iterations"] if answer["iterations"] else None

    @property
    def done(self) -> bool:
        seconds = self.total_ns / 1e9
        if self.settings.max_seconds is not None and seconds >= self.settings.max_seconds:
            return True
        return len(self.ns) >= self.settings.iterations and seconds >= self.settings.min_seconds

    def burst(self, size: int) -> None:
        left = self.settings.iterations - len(self.ns)
        answer = self.worker.ask("burst", timeout=self.limit_s, iterations=min(size, left) if left > 0 else size)
        self.ns += answer["ns"]
        self.starts_ns.append(answer["start_ns"])
        self.sizes.append(len(answer["ns"]))
        self.total_ns += sum(answer["ns"])
        self.finite = self.finite and answer["outputs_finite"]

    def result(self, predict_into: Path | None) -> Timed:
        # Memory first: the test split's outputs are not what is measured.
        peak = self.worker.ask("memory", timeout=self.limit_s)["peak_rss_mb"]
        predicted = None
        if predict_into is not None:
            predicted = predict_into / f"{self.role}.npz"
            self.worker.ask("predict", timeout=self.limit_s, inputs=self.side.inputs, out=predicted)
        return Timed(
            ns=np.asarray(self.ns, dtype=np.int64),
            starts_ns=np.asarray(self.starts_ns, dtype=np.int64),
            sizes=np.asarray(self.sizes, dtype=np.int64),
            finite=self.finite,
            peak_rss_mb=peak,
            loaded=self.loaded,
            predicted=predicted,
        )


def different_inputs(side: Side, wanted: int) -> int:
    """How many inputs are bound: `wanted`, fewer where they would fill more than INPUT_BYTES, two at the least."""
    with np.load(side.inputs, allow_pickle=False) as file:
        row: int = sum(file[name][:1].nbytes for name in file.files if name.startswith("in/"))
    return max(min(wanted, 2), min(wanted, INPUT_BYTES // max(1, row * side.batch)))
