"""What one pair says of the time of an inference: how much longer the baseline took than the candidate.

Each burst is compared with the bursts of the other side right before and right after it, and the median of these
ratios is the pair's. Both sides' medians over the whole pair would do as well on a quiet machine; but where somebody
else slows the core for a part of a pair, they fall on different sides of the change, and the ratio is off by as much
(`docs/measurement.md` has both on recorded pairs). Where the sides' batches differ, it is the time of a sample that is
compared.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.measure.timed import Pair, Timed


def of_bursts(pair: Pair) -> float:
    """Log of baseline's / candidate's time of a sample; of the candidate's median in s where it is alone."""
    if "baseline" not in pair.sides:
        return math.log(pair.sides["candidate"].median_ns / 1e9)
    return log_ratio(pair) + math.log(pair.sides["candidate"].batch / pair.sides["baseline"].batch)


def log_ratio(pair: Pair) -> float:
    """The median over neighbouring bursts of the log ratio of their medians, baseline's / candidate's inference."""
    bursts = sorted((start, role, log) for role, timed in pair.sides.items() for start, log in timed.bursts)
    logs = sorted(
        (later - earlier) if after == "baseline" else (earlier - later)
        for (_, before, earlier), (_, after, later) in pairwise(bursts)
        if before != after
    )
    return (logs[len(logs) // 2] + logs[~(len(logs) // 2)]) / 2


def log_median(timed: Timed) -> float:
    """Log of one process's median time of a sample in ns."""
    return math.log(timed.median_ns / timed.batch)
