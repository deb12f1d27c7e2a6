"""Commands timed from outside, in alternating order, and their figures as text."""

from __future__ import annotations

import math
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from runner.measure.statistics import hodges_lehmann

# As a user's shell has it, for ours and the peers: without bytecode every process compiles its sources again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

Timer = Callable[[], float]
SECONDS = 600.0


def wall(command: Sequence[str], folder: Path, code: int = 0, env: Mapping[str, str] | None = None) -> float:
    """Seconds from the start of `command` in `folder` to its end. Raises RuntimeError where it ends otherwise than
    with `code`: the time of a failure is no figure."""
    start = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=SECONDS
    )
    seconds = time.monotonic() - start
    if done.returncode != code:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}, not {code}:\n{said}")
    return seconds


def alternated(timers: Mapping[str, Timer], rounds: int) -> dict[str, list[float]]:
    """`{name: seconds of each round}`; each round runs all, every second one in reverse."""
    found: dict[str, list[float]] = {name: [] for name in timers}
    for number in range(rounds):
        for name in sorted(timers, reverse=bool(number % 2)):
            found[name].append(timers[name]())
        shown = ", ".join(f"{name} {values[-1]:.3f} s" for name, values in found.items())
        print(f"round {number + 1} of {rounds}: {shown}", flush=True)
    return found


def row(name: str, seconds: Sequence[float], beside: Sequence[float] | None = None) -> str:
    """Median and range; where it stands `beside` something of ours, how many times as long it takes, from rounds."""
    text = f"{name:<44}{median(seconds):8.3f} s  [{min(seconds):.3f}, {max(seconds):.3f}]  n={len(seconds)}"
    if beside is None:
        return text
    logs = [math.log(theirs / ours) for theirs, ours in zip(seconds, beside, strict=True)]
    interval = hodges_lehmann(logs)
    if not math.isfinite(interval.half_width):  # too few rounds
        return f"{text}  {math.exp(interval.estimate):.1f}×"
    estimate, low, high = (math.exp(value) for value in (interval.estimate, interval.low, interval.high))
    return f"{text}  {estimate:.1f}× [{low:.1f}, {high:.1f}]"


def verdict(what: str, seconds: Sequence[float], limit: float) -> bool:
    """Print one line: whether the median is below `limit` seconds."""
    reached = median(seconds) < limit
    word = "reached" if reached else "missed"
    print(f"{word}: {what} {median(seconds):.3f} s, target < {limit:g} s, median of {len(seconds)}")
    return reached
