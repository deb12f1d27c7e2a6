"""Our latency beside that of a runtime's own tool: the same file, the same settings, alternated."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from runner.measure.statistics import hodges_lehmann
from runner.transport.local import open_worker

LEAST, MOST = 12, 80
TARGET = 0.01  # half-width of the interval at which no more pairs are needed
SECONDS = 1
LIMIT = 0.03

Side = Callable[[], float]  # a fresh process; its ms an inference


@dataclass(frozen=True)
class Sides:
    """What is compared: `tool` is the other's name, `pinned` whether both run on one CPU."""

    tool: str
    ours: Side
    theirs: Side
    pinned: bool = True


def ours(session: str, folder: Path, options: dict[str, Any], inputs: Path, batch: int = 1) -> float:
    """Median ms an inference of a fresh worker's bursts, or their mean, where inferences overlap."""
    with open_worker(folder.with_name("log"), name="ours") as worker:
        load: dict[str, Any] = {"session": session, "folder": folder, "options": options, "inputs": inputs}
        # One input, as the tools have it: many would not stay in the cache.
        worker.ask("load", timeout=60, **load, batch=batch, samples=1, seed=0)
        done = worker.ask("warmup", timeout=60, iterations=10, seconds=0.3, together=True)
        count = int(SECONDS * done["iterations"] / done["seconds"])
        return float(median(worker.ask("burst", timeout=60, iterations=count, together=True)["ns"])) / 1e6


def judged(sides: Sides) -> int:
    """Prints each pair, the ratio with its interval and whether that lies inside the limit; the exit code."""
    logs: list[float] = []
    for ratio in _ratios(sides):
        logs.append(ratio)
        if len(logs) >= LEAST and hodges_lehmann(logs).half_width <= TARGET:
            break
    return told(sides.tool, logs)


def _ratios(sides: Sides) -> Iterator[float]:
    """Log-ratios ours / theirs of pairs in alternating order. Where they are pinned both run on one CPU, the next pair
    on the next: a core that somebody else slows for a second would be a difference between the two otherwise."""
    cpus = sorted(os.sched_getaffinity(0))
    for number in range(MOST):
        if sides.pinned:
            os.sched_setaffinity(0, {cpus[number // 2 % len(cpus)]})  # each CPU in both orders
        turns = [sides.ours, sides.theirs] if number % 2 else [sides.theirs, sides.ours]
        found = {side: side() for side in turns}
        print(
            f"pair {number + 1}: ours {found[sides.ours]:.3f} ms, {sides.tool} {found[sides.theirs]:.3f} ms", flush=True
        )
        yield math.log(found[sides.ours] / found[sides.theirs])


def told(tool: str, logs: list[float]) -> int:
    """Prints the verdict; the exit code."""
    interval = hodges_lehmann(logs)
    low, estimate, high = (math.exp(value) for value in (interval.low, interval.estimate, interval.high))
    inside = low > 1 - LIMIT and high < 1 + LIMIT
    print(f"ours / {tool}: {estimate:.4f} [{low:.4f}, {high:.4f}], {len(logs)} pairs")
    print(f"inside ±{LIMIT:.0%}: {'yes' if inside else 'NO'}")
    return 0 if inside else 1
