"""What the worker's timing loop adds to an iteration, beside a bare `perf_counter_ns` loop around the same no-op.

`python benchmarks/timing_loop.py`: alternates both, prints the differences of what they record and of what they take
as a whole. Exit code 1 where either reaches 1 µs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from runner.measure.statistics import hodges_lehmann
from runner.worker import timing_loop

ROUNDS = 30
ITERATIONS = 20_000
LIMIT_NS = 1_000.0


class NoOp:
    """A session whose run does nothing."""

    def run(self, bound: Any) -> list[Any]:
        return bound  # type: ignore[no-any-return]


def bare(run: Callable[[Any], Any], inputs: Any) -> tuple[float, float]:
    """(median recorded ns, ns an iteration as a whole) of the simplest loop that records latencies."""
    clock, ns = time.perf_counter_ns, []
    began = clock()
    for _ in range(ITERATIONS):
        start = clock()
        run(inputs)
        ns.append(clock() - start)
    return median(ns), (clock() - began) / ITERATIONS


def ours(run: Callable[[Any], Any], inputs: Any) -> tuple[float, float]:
    """The same of the worker's loop, over 100 inputs."""
    bound = [inputs] * 100
    began = time.perf_counter_ns()
    ns, _, _ = timing_loop.burst(run, bound, ITERATIONS)
    return median(ns), (time.perf_counter_ns() - began) / ITERATIONS


def main() -> int:
    session, inputs = NoOp(), [0]
    pairs = []
    for number in range(ROUNDS):
        sides = [bare, ours] if number % 2 else [ours, bare]
        found = {side: side(session.run, inputs) for side in sides}
        pairs.append([mine - other for mine, other in zip(found[ours], found[bare], strict=True)])
    worst = 0.0
    for what, differences in zip(("recorded latency", "whole iteration"), zip(*pairs, strict=True), strict=True):
        interval = hodges_lehmann(differences)
        worst = max(worst, interval.high)
        print(
            f"{what}: {interval.estimate:+.0f} ns [{interval.low:+.0f}, {interval.high:+.0f}] "
            f"beyond a bare loop ({ROUNDS} alternated rounds of {ITERATIONS})"
        )
    print(f"limit {LIMIT_NS:.0f} ns: {'kept' if worst < LIMIT_NS else 'MISSED'}")
    return 0 if worst < LIMIT_NS else 1


if __name__ == "__main__":
    sys.exit(main())
