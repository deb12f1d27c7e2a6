"""What one pair says: how much longer the baseline took than the candidate.

Each burst is compared with the bursts of the other side right before and right after it, and the median of these
ratios is the pair's. Both sides' medians over the whole pair would do as well on a quiet machine; but where somebody
else slows the core for a part of a pair, they fall on different sides of the change, and the ratio is off by as much
(`docs/measurement.md` has both on recorded pairs).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from runner.measure.pairs import Pair
from runner.measure.statistics import median


def effects(pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
    """(pairs,) log of baseline's / candidate's time; of the candidate's median in s where it is alone."""
    return np.array([_alone(pair) if "baseline" not in pair.sides else log_ratio(pair) for pair in pairs])


def log_ratio(pair: Pair) -> float:
    """The median over neighbouring bursts of the log ratio of their medians, baseline's / candidate's."""
    bursts = sorted((start, role, log) for role, timed in pair.sides.items() for start, log in timed.bursts)
    logs = [
        (later - earlier) if after == "baseline" else (earlier - later)
        for (_, before, earlier), (_, after, later) in pairwise(bursts)
        if before != after
    ]
    return median(np.array(logs))


def _alone(pair: Pair) -> float:
    return math.log(pair.sides["candidate"].median_ns / 1e9)
