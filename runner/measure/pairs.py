"""One replicate: a fresh process of the candidate and one of the baseline, alive together, taking turns.

Alternating short bursts, only one running at a time, puts both under the same conditions: what slows the machine
down for a second slows both. A benchmark without a baseline is the same with one process.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from runner.measure import clock, repeats, snapshots
from runner.measure import predicted as outputs
from runner.measure.clock import Clock
from runner.measure.next_pair import still
from runner.measure.run import Run
from runner.measure.sides import Importing, Side, cpus_of_pair, opened, order, pinned
from runner.measure.timed import Pair, Timed
from runner.telemetry.energy import Window
from runner.transport.local import Worker
from runner.worker import npz

ENERGY_PAIRS = 4  # the first so many pairs also work uninterrupted, for their power
REPEAT_SECONDS = 0.02  # of each half of the probe for runtimes that remember inputs
MOST_ITERATIONS = 10_000_000  # of one burst: its times travel in one answer
OUTPUT_BYTES = 1_000_000_000  # of predictions, where the float model's are not known
INPUT_BYTES = 64_000_000  # memory for bound inputs: the worker's peak is to be the runtime's, not ours


def run_pair(run: Run, number: int, predict: bool = False) -> Pair:
    """Measures the sides in fresh processes of one device.

    `run.quiet()` is entered when both are warm and left when nothing is timed any more: whatever else of ours runs
    has to stand still in between. With `predict`, each is also probed for remembering inputs, and runs its test split
    through, untimed and last, into `<role>.npz` of the run's folder. Raises what the workers raise: StepFailed where
    one died, StepTimeout where an answer took longer than `run.limit_s`.
    """
    turns = order(list(run.sides), run.seed, number)
    cpus = cpus_of_pair(run.sides, run.settings, run.seed, number)
    with ExitStack() as stack:
        processes = {role: stack.enter_context(_Process(role, run, number, cpus)) for role in turns}
        for process in processes.values():
            process.await_imports()
        _load(processes.values(), meanwhile=partial(run.begin, number + 1))
        if run.sampler:
            _ = run.sampler.ready  # it has imported what it needs before anything is timed
        seconds = {role: process.warm_up() for role, process in processes.items()}
        with run.quiet(), still(run.started):
            seen = _take_turns(run, number, processes, seconds)
            if predict:
                for role, process in processes.items():
                    process.probe(seconds[role])
        timed = {role: processes[role].result(run.folder if predict else None) for role in run.sides}
        for process in processes.values():
            process.worker.leave()
    return Pair(number, turns, timed, *seen)


def _take_turns(
    run: Run, number: int, processes: Mapping[str, _Process], seconds: Mapping[str, float | None]
) -> tuple[Mapping[str, Any], Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """All that is timed; the state of their device before, after and meanwhile. `seconds`: of an iteration."""
    device, sampler = next(iter(run.sides.values())).device, run.sampler
    look = snapshots.looking(device, [process.worker for process in processes.values()], sampler)
    before = look(everybody=True)
    during = run.scenario.take_turns(processes, seconds, run.settings, look)
    after = look(everybody=True)
    for process in processes.values():
        process.remember_peak()
    if sampler and sampler.energy_s and number < ENERGY_PAIRS:
        for process in processes.values():
            process.work_alone(sampler.energy_s)
    return before, after, during


def _load(processes: Collection[_Process], meanwhile: Callable[[], None]) -> None:
    """All at once: nothing is timed yet, and a pair begins sooner."""
    with ThreadPoolExecutor(len(processes)) as threads:
        loads = [threads.submit(process.load) for process in processes]
        meanwhile()
        for loading in loads:
            loading.result()


@dataclass
class _Process:
    """One worker with its session loaded, and what it has measured so far."""

    role: str
    run: Run
    number: int
    cpus: tuple[int, ...] | None = None
    started: Importing | None = None
    worker: Worker = field(init=False)
    clock: Clock = field(init=False)
    loaded: Mapping[str, Any] = field(init=False)
    ns: list[int] = field(default_factory=list)
    starts_ns: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    total_ns: int = 0
    finite: bool = True
    error: float = 0.0
    signal: float = 0.0
    values: int = 0
    peak_rss_mb: float = math.nan
    repeats: Mapping[str, Sequence[float]] | None = None
    window: Window | None = None

    def __enter__(self) -> _Process:
        self.started = self.run.started.pop(self.role, None)
        self.worker = self.started.worker if self.started else opened(self.role, self.side, self.run.folder)
        if self.run.sampler:
            self.run.sampler.watch(self.role, self.worker.pid)
        self.clock = Clock(self.worker.name)
        return self

    def __exit__(self, *error: object) -> None:
        self.run.end(self.worker)

    @property
    def side(self) -> Side:
        return self.run.sides[self.role]

    @property
    def seed(self) -> int:
        return self.run.seed + self.number

    def await_imports(self) -> None:
        """Until a process that was started early has nothing to do."""
        if self.started:
            self.started.importing.result()

    def load(self) -> None:
        side = self.side
        on_cpus = pinned(self.worker, self.cpus, self.run.limit_s)
        answer: dict[str, Any] = self.worker.ask(
            "load",
            timeout=self.run.limit_s,
            session=side.session,
            folder=side.device.put(side.folder),
            options=dict(side.options),
            preprocess=dict(side.preprocess),
            inputs=side.device.put(side.inputs),
            batch=side.batch,
            samples=different_inputs(side, self.run.settings.inputs),
            seed=self.seed,
            reference=side.device.put(side.reference) if side.reference else None,
        )
        self.loaded = {**answer, "effective": {**answer["effective"], **on_cpus}}

    def warm_up(self) -> float | None:
        """Seconds an iteration took; None where there was none."""
        settings, begun = self.run.settings, clock.now()
        answer = self.worker.ask(
            "warmup",
            timeout=self.run.limit_s,
            iterations=settings.warmup,
            seconds=settings.warmup_seconds,
            together=self.run.together,
        )
        self.clock.check_seconds("warmup", answer["seconds"], clock.now() - begun)
        each = answer["seconds"] / answer["iterations"] if answer["iterations"] else None
        return each and max(each, clock.SHORTEST_S)

    @property
    def done(self) -> bool:
        seconds = self.total_ns / 1e9
        if self.run.settings.max_seconds is not None and seconds >= self.run.settings.max_seconds:
            return True
        return len(self.ns) >= self.run.settings.iterations and seconds >= self.run.settings.min_seconds

    def burst(self, size: int) -> None:
        left = self.run.settings.iterations - len(self.ns)
        answer = self._timed(min(size, left) if left > 0 else size)
        self.ns += answer["ns"]
        self.starts_ns.append(answer["start_ns"])
        self.sizes.append(len(answer["ns"]))
        self.total_ns += sum(answer["ns"])
        self.finite = self.finite and answer["outputs_finite"]
        if "values" in answer:
            self.error = min(self.error + answer["error"], sys.float_info.max)
            self.signal = min(self.signal + answer["signal"], sys.float_info.max)
            self.values += answer["values"]

    def _timed(self, iterations: int) -> dict[str, Any]:
        """The answer to a burst, once this machine's clock agrees with it."""
        begun = clock.now()
        answer: dict[str, Any] = self.worker.ask(
            "burst",
            timeout=self.run.limit_s,
            iterations=min(iterations, MOST_ITERATIONS),
            together=self.run.together,
        )
        self.clock.check_burst(answer, begun, clock.now())
        return answer

    def work_alone(self, seconds: float) -> None:
        """Works at least so long without a turn of the other side: what its power is read in."""
        count = max(1, math.ceil(seconds * 1e9 * len(self.ns) / self.total_ns))
        answer = self._timed(count)
        self.window = Window(answer["start_ns"], answer["start_ns"] + sum(answer["ns"]), len(answer["ns"]))

    def remember_peak(self) -> None:
        """Peak memory of the timed work: what follows isn't what is measured."""
        self.peak_rss_mb = self.worker.ask("memory", timeout=self.run.limit_s)["peak_rss_mb"]

    def probe(self, seconds: float | None) -> None:
        """Whether repeated inputs are quicker; `seconds` is what an iteration took in the warm-up."""
        size = 20 if not seconds else max(2, min(20, math.ceil(REPEAT_SECONDS / seconds)))

        def ask(rounds: int) -> repeats.Found:
            found: repeats.Found = self.worker.ask(
                "repeats", timeout=self.run.limit_s, iterations=size, rounds=rounds, seed=self.seed
            )
            return found

        self.repeats = repeats.decided(ask)

    def result(self, predict_into: Path | None) -> Timed:
        predicted = None
        if predict_into is not None:
            predicted = predict_into / f"{self.role}.npz"
            device = self.side.device
            with device.output(predicted, most_predicted(self.side)) as out:
                self.worker.ask("predict", timeout=self.run.limit_s, inputs=device.put(self.side.inputs), out=out)
            outputs.check(predicted, self.worker.name)
        return Timed(
            ns=np.asarray(self.ns, dtype=np.int64),
            starts_ns=np.asarray(self.starts_ns, dtype=np.int64),
            sizes=np.asarray(self.sizes, dtype=np.int64),
            finite=self.finite,
            peak_rss_mb=self.peak_rss_mb,
            loaded=self.loaded,
            predicted=predicted,
            window=self.window,
            deviation=math.sqrt(self.error / (self.signal or self.values)) if self.values else None,
            repeats=self.repeats,
            batch=self.side.batch,
        )


def most_predicted(side: Side) -> int:
    """Bytes that the outputs on the test split can have at most: a runtime may answer a float model's bytes in types
    eight times as wide."""
    return OUTPUT_BYTES if side.reference is None else 1_000_000 + 8 * side.reference.stat().st_size


def different_inputs(side: Side, wanted: int) -> int:
    """How many inputs are bound: `wanted`, fewer where they would fill more than INPUT_BYTES, two at the least."""
    held = npz.mapped(str(side.inputs))
    row: int = sum(array[:1].nbytes for name, array in held.items() if name.startswith("in/"))
    return max(min(wanted, 2), min(wanted, INPUT_BYTES // max(1, row * side.batch)))
