"""A device's times against this machine's clock: nothing lasts longer than the time in which it was asked and answered.

Clocks of real machines drift by less than 0.1 %. One that runs by more, stands, or ticks less often than a model runs
measures nothing, whether it is broken or lies.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from runner.core.errors import OddAnswer

DRIFT, SLACK_S = 0.05, 0.010  # by which a device's clock may be ahead of ours
SLOWEST = 1 / 500  # of the time in which bursts were asked for; a connection takes less, even by satellite
PATIENCE_S = 2.0  # of bursts, before a clock is said to stand
SHORTEST_S = 20e-9  # between two readings of a clock from Python

# Where this machine sleeps while a device works on, its monotonic clock stands.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> float:
    """Seconds on this machine's clock, those in which it slept included."""
    return time.clock_gettime(_CLOCK)


@dataclass
class Clock:
    """The clock of one process, which `whose` names in messages, over all of its bursts."""

    whose: str
    begun: float | None = None
    first_ns: int = 0
    last_ns: int = -1
    told_s: float = 0.0
    asked_s: float = 0.0

    def check_seconds(self, do: str, seconds: float, asked_s: float) -> None:
        """Raises OddAnswer where the work of `do` took `seconds` by its clock, and its answer was there `asked_s` after
        the question by ours."""
        if seconds > (1 + DRIFT) * asked_s + SLACK_S:
            raise self._odd(do, f"work of {seconds:.3g} s by its clock was done within {asked_s:.3g} s by ours")

    def check_burst(self, answer: Any, begun: float, end: float) -> None:
        """Raises OddAnswer where a burst, asked for at `begun` and answered at `end` by our clock, took longer than
        that by the device's, began before the one before, or shows a clock that stands or is too coarse."""
        ns, start_ns = answer["ns"], answer["start_ns"]
        zeros = ns.count(0)
        if zeros:
            raise self._odd(
                "burst", f"{zeros} of {len(ns)} iterations took 0 ns by its clock, which stands or is too coarse"
            )
        seconds = sum(ns) / 1e9
        self.check_seconds("burst", seconds, end - begun)
        if start_ns <= self.last_ns:
            raise self._odd("burst", "a burst began before the one before it")
        if self.begun is None:
            self.begun, self.first_ns = begun, start_ns
        self.check_seconds("burst", (start_ns - self.first_ns) / 1e9, end - self.begun)
        self.last_ns = start_ns
        self._check_advance(seconds, end - begun)

    def _check_advance(self, seconds: float, asked_s: float) -> None:
        self.told_s += seconds
        self.asked_s += asked_s
        if self.asked_s > PATIENCE_S and self.told_s < SLOWEST * self.asked_s:
            raise self._odd(
                "burst",
                f"bursts of {self.told_s:.2g} s by its clock took {self.asked_s:.2g} s to answer: its clock stands, "
                "or its connection is too slow to measure over",
            )

    def _odd(self, do: str, what: str) -> OddAnswer:
        return OddAnswer(
            f"{self.whose}: the device's answer to `{do}` can't be right: {what}.",
            "Look at the clock there: python3 -c 'import time; print(time.get_clock_info(\"perf_counter\"))'",
        )
