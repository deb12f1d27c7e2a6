"""From the interval of a log ratio to one word."""

from __future__ import annotations

import math
from enum import Enum

from runner.measure.noise_floor import NoiseFloor
from runner.measure.statistics import Interval


class Verdict(str, Enum):
    """What a comparison says of the candidate."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    AMBIGUOUS = "ambiguous"


def verdict(log_ratio: Interval, floor: NoiseFloor, equivalence: float = 0.03) -> Verdict:
    """The verdict on the log of baseline's time / candidate's time (above 0: the candidate is faster).

    Faster or slower: the interval excludes a ratio of 1 and the estimate lies beyond the floor. Same: the interval
    lies within ±`equivalence`. Otherwise ambiguous: more pairs, or a quieter machine, would tell.
    """
    least = math.log1p(floor.value)
    if log_ratio.low > 0 and log_ratio.estimate > least:
        return Verdict.FASTER
    if log_ratio.high < 0 and log_ratio.estimate < -least:
        return Verdict.SLOWER
    if -math.log1p(equivalence) < log_ratio.low and log_ratio.high < math.log1p(equivalence):
        return Verdict.SAME
    return Verdict.AMBIGUOUS
