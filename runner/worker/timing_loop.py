"""The timing loop: as little as possible between two readings of the clock."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

from runner.worker.garbage import uncollected


def burst(
    run: Callable[[Any], Any], bound: Sequence[Any], iterations: int, first: int = 0
) -> tuple[list[int], int, Any]:
    """Times `iterations` calls of `run`, each with the next of `bound`, from number `first` on, round and round.

    Returns (ns of each call, start on the monotonic clock in ns, the last call's outputs). Garbage collection
    is off meanwhile; outputs are freed between the timed regions, not in them.
    """
    order = list(itertools.islice(itertools.cycle(bound), first % len(bound), first % len(bound) + iterations))
    ns = [0] * iterations
    with uncollected():
        start_ns = time.monotonic_ns()
        outputs = _time(run, order, ns)
    return ns, start_ns, outputs


def together(
    run_many: Callable[[Sequence[Any]], Any], bound: Sequence[Any], iterations: int, first: int = 0
) -> tuple[list[int], int, Any]:
    """As `burst`, of inferences that overlap: each one's ns are an equal share of the time of all."""
    order = list(itertools.islice(itertools.cycle(bound), first % len(bound), first % len(bound) + iterations))
    start_ns, start = time.monotonic_ns(), time.perf_counter_ns()
    outputs = run_many(order)
    each, rest = divmod(time.perf_counter_ns() - start, iterations)
    return [each + (index < rest) for index in range(iterations)], start_ns, outputs


def _time(
    run: Callable[[Any], Any], order: list[Any], ns: list[int], clock: Callable[[], int] = time.perf_counter_ns
) -> Any:
    outputs = None
    for i, inputs in enumerate(order):
        outputs = None
        start = clock()
        outputs = run(inputs)
        stop = clock()
        ns[i] = stop - start
    return outputs


def warm_up(run: Callable[[Any], Any], bound: Sequence[Any], iterations: int, seconds: float) -> tuple[int, float]:
    """Runs at least `iterations` times and at least `seconds`; returns (iterations, seconds) done."""
    start = time.perf_counter()
    done = 0
    for inputs in itertools.cycle(bound):
        if done >= iterations and time.perf_counter() - start >= seconds:
            break
        run(inputs)
        done += 1
    return done, time.perf_counter() - start


def warm_up_together(
    run_many: Callable[[Sequence[Any]], Any], bound: Sequence[Any], iterations: int, seconds: float, at_once: int
) -> tuple[int, float]:
    """As `warm_up`, of inferences that overlap."""
    start, done = time.perf_counter(), 0
    while done < iterations or time.perf_counter() - start < seconds:
        size = 4 * at_once
        run_many(list(itertools.islice(itertools.cycle(bound), done % len(bound), done % len(bound) + size)))
        done += size
    return done, time.perf_counter() - start
