"""What the runner's own process uses of a CPU while a worker measures: its CPU time over the time of the bursts.

`python -m benchmarks.verdicts.parent` takes some 15 s. The parent works between bursts (it reads one answer, sends
the next request and looks at the machine); that share of the whole is printed too.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.verdicts.targets import code, told
from benchmarks.verdicts.workloads import WORKLOADS, prepared
from runner.measure.pairs import run_pair
from runner.measure.run import Run
from runner.measure.sides import Side
from runner.spec.schema import Spec
from runner.transport.local import Worker

SECONDS = 5.0
LIMIT = 0.01


@dataclass
class Spent:
    """CPU and wall seconds of this process."""

    cpu: float = field(default_factory=time.process_time)
    wall: float = field(default_factory=time.monotonic)

    def since(self) -> Spent:
        return Spent(time.process_time() - self.cpu, time.monotonic() - self.wall)


def measured(spec: Spec, side: Side) -> tuple[float, float]:
    """(share while a worker has the turn, share of all timed work, hand-overs included)."""
    turns, whole = Spent(0.0, 0.0), Spent(0.0, 0.0)
    original = Worker._wait

    def counted(self: Worker, do: str, deadline: float, timeout: float) -> None:
        before = Spent()
        original(self, do, deadline, timeout)
        spent = before.since()
        turns.cpu, turns.wall = turns.cpu + spent.cpu, turns.wall + spent.wall

    @contextmanager
    def quiet() -> Iterator[None]:
        Worker._wait = counted  # type: ignore[method-assign]
        before = Spent()
        yield
        spent = before.since()
        whole.cpu, whole.wall = spent.cpu, spent.wall
        Worker._wait = original  # type: ignore[method-assign]

    settings = dataclasses.replace(spec.measure.settings, min_seconds=SECONDS, max_seconds=SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        run_pair(Run({"candidate": side}, settings, 0, Path(folder), quiet=quiet), 0)
    return turns.cpu / turns.wall, whole.cpu / whole.wall


def main() -> int:
    results = []
    for name, (spec, side) in prepared(tuple(WORKLOADS)[::2]).items():
        share, whole = measured(spec, side)
        figure = f"{share:.2%} ({whole:.1%} with what it does between bursts)"
        results.append(told(f"parent's CPU while {name} measures", share < LIMIT, figure, f"< {LIMIT:.0%}"))
    return code(results)


if __name__ == "__main__":
    sys.exit(main())
