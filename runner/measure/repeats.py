"""Does a runtime answer an input that it ran before sooner? What the worker's probe says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from runner.measure.statistics import Interval, hodges_lehmann

# MLPerf's TEST04 accepts a run that is at most so much faster on one sample than on many.
GAIN = 0.10
ROUNDS, ROUNDS_IN_DOUBT = 8, 32
Found = Mapping[str, Sequence[float]]


def gain(found: Found) -> Interval:
    """The log of how many times as fast a repeated input is, over the probe's rounds."""
    return hodges_lehmann(np.log(found["different_ns"]) - np.log(found["same_ns"]))


def remembers(found: Found) -> bool:
    """Whether even the cautious end of the interval lies beyond GAIN. False where there was no probe (`problem`)."""
    return "problem" not in found and gain(found).low > -np.log(1 - GAIN)


def decided(ask: Callable[[int], Found]) -> Found:
    """What `ask(rounds)` found. Where a few rounds say that it remembers, more decide alone: what else the machine did
    meanwhile seldom comes twice."""
    found = ask(ROUNDS)
    return ask(ROUNDS_IN_DOUBT) if remembers(found) else found
