"""Processes that take turns in short bursts, only one running at a time: what slows the machine down for a second
slows all of them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from runner.measure.settings import Settings
    from runner.measure.snapshots import Look

ROUNDS = 10  # turns that each side gets at least, however slow it is
DURING_SECONDS = 0.25  # between two looks at the machine while a pair takes its turns; a look takes about 1 ms


class Process(Protocol):
    """A loaded process that is timed."""

    @property
    def done(self) -> bool:
        """Whether it has been timed for as long as `measure` asks."""

    def burst(self, size: int) -> None:
        """Times so many iterations, one right after the other."""


def alternate(processes: Mapping[str, Process], sizes: Mapping[str, int], look: Look) -> list[Mapping[str, Any]]:
    """Bursts of `sizes` iterations in turn until all are done; what the machine looked like in between."""
    seen: list[Mapping[str, Any]] = []
    looked = time.monotonic()
    while not all(process.done for process in processes.values()):
        for role, process in processes.items():
            if not process.done:
                process.burst(sizes[role])
        if time.monotonic() - looked >= DURING_SECONDS:
            looked = time.monotonic()
            seen.append(look())
    return seen


def sizes(seconds: Mapping[str, float | None], settings: Settings) -> dict[str, int]:
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
