"""What the sampler asks: readers of one sensor each, found by `probe`, none of which may cost much."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

COST_SHARE = 0.01  # of one CPU's time that one reader may take


def _nothing() -> None:
    """Nothing to close."""


@dataclass(frozen=True)
class Meter:
    """Signals whose sum is a power (`…_w`) or an energy since the start (`…_j`), nothing counted twice.

    `scope` says what it covers; `whole` that this is all that the board takes, so that no other meter may be added.
    """

    signals: tuple[str, ...]
    scope: str
    whole: bool = False


@dataclass(frozen=True)
class Reader:
    """One sensor. A signal's name ends in its unit: `_percent _mb _c _mhz _w _j` (`_j`: joules since the start)."""

    name: str
    signals: tuple[str, ...]
    read: Callable[[], Mapping[str, float]]
    meter: Meter | None = None
    close: Callable[[], None] = _nothing


@dataclass
class Paced:
    """A reader that is asked no more often than it is cheap: a signal that is not due is left out of a sample.

    Its cost is CPU time, so that a sampler that was preempted meanwhile does not seem expensive. A reading that
    fails is counted with its reason, and leaves its signals out.
    """

    reader: Reader
    due_ns: int = 0
    failures: int = 0
    failure: str = field(default="")

    def read(self, now_ns: int) -> Mapping[str, float]:
        if now_ns < self.due_ns:
            return {}
        start = time.thread_time_ns()
        try:
            return self.reader.read()
        except Exception as error:  # a vendor's library raises what it likes; the other sensors go on
            self.failures += 1
            self.failure = f"{type(error).__name__}: {error}"
            return {}
        finally:
            self.due_ns = now_ns + int((time.thread_time_ns() - start) / COST_SHARE)


def chosen(meters: list[Meter]) -> Meter | None:
    """What energy is reckoned from: the first meter of the whole board, else all that there are, added up."""
    for meter in meters:
        if meter.whole:
            return meter
    if not meters:
        return None
    signals = tuple(signal for meter in meters for signal in meter.signals)
    return Meter(signals, " + ".join(meter.scope for meter in meters))
