"""Estimates from replicates that don't come in pairs: two days on one machine, or two machines that take turns.

Method: the Hodges–Lehmann shift of log times with the interval of the Mann–Whitney test (Wilcoxon's rank sum).
Source: Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed., sections 4.1 to 4.3. It is wider than
an interval of pairs: what slows a machine down for a while doesn't cancel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from runner.measure.statistics import Interval

Floats = npt.NDArray[np.float64]
EXACT_UP_TO = 50  # replicates a side; beyond, the normal approximation


def across_devices(
    candidate_blocks: Sequence[Sequence[Floats]],
    baseline_blocks: Sequence[Sequence[Floats]],
    confidence: float = 0.95,
) -> Interval:
    """log(baseline's time / candidate's time) of two devices that took turns in blocks.

    A block is what one device did in one turn: one array of latencies for each of its processes, in one unit. The
    replicate is the block: processes of a block share the device's state (clock, temperature, load), so that counting
    them singly would claim more than is known. Blocks drift from one to the next; alternating them spreads the drift
    over both sides, and the interval holds it as scatter. It assumes that what is left is independent from block to
    block. ±inf where there are too few blocks (at 95 % fewer than four a side).
    """
    return two_sample_shift(_levels(candidate_blocks), _levels(baseline_blocks), confidence)


def log_speedup(candidate: Sequence[Floats], baseline: Sequence[Floats], confidence: float = 0.95) -> Interval:
    """log(baseline's time / candidate's time) of two sets of processes, each an array of latencies in one unit.

    The replicate is a process, as if each were a block of its own: its median counts once, however many iterations it
    has.
    """
    return across_devices([[one] for one in candidate], [[one] for one in baseline], confidence)


def p_value(candidate: Sequence[Floats], baseline: Sequence[Floats]) -> float:
    """The p-value of no difference between two sets of processes: of the test that `log_speedup` inverts."""
    return mann_whitney_p(_levels([[one] for one in candidate]), _levels([[one] for one in baseline]))


def _levels(blocks: Sequence[Sequence[Floats]]) -> list[float]:
    """Of each block the median of its processes' log medians."""
    return [float(np.median([math.log(float(np.median(process))) for process in block])) for block in blocks]


def two_sample_shift(x: Sequence[float] | Floats, y: Sequence[float] | Floats, confidence: float = 0.95) -> Interval:
    """How far `y` (n,) lies above `x` (m,): the Hodges–Lehmann shift with the interval of the Mann–Whitney test.

    The estimate is the median of the m·n differences y_j - x_i; the interval holds every shift that the test doesn't
    reject: exact up to EXACT_UP_TO replicates a side, the normal approximation beyond. ±inf where there are too few
    replicates. Raises ValueError where a side has none.
    """
    differences = _differences(x, y)
    rank, achieved = _critical_rank(len(x), len(y), confidence)
    estimate = float(np.median(differences))
    if rank == 0:
        return Interval(estimate, -math.inf, math.inf, 1.0)
    return Interval(estimate, float(differences[rank - 1]), float(differences[-rank]), achieved)


def mann_whitney_p(x: Sequence[float] | Floats, y: Sequence[float] | Floats) -> float:
    """The two-sided p-value of the Mann–Whitney test that `x` (m,) and `y` (n,) don't differ.

    It is the test that `two_sample_shift` inverts: p <= 1 - confidence where and only where its interval excludes 0.
    Equal values count for neither side, which errs towards a large p.
    """
    differences = _differences(x, y)
    extreme = len(differences) - max(int((differences > 0).sum()), int((differences < 0).sum()))
    if max(len(x), len(y)) > EXACT_UP_TO:
        # The interval's end stands one difference further in: so does the p-value.
        return 2 * NormalDist().cdf(min(0.0, (extreme + 1 - len(differences) / 2) / _deviation(len(x), len(y))))
    return min(1.0, 2 * float(mann_whitney_probabilities(len(x), len(y))[: extreme + 1].sum()))


def least_replicates(comparisons: int, alpha: float) -> int:
    """The fewest replicates a side with which the test can reach `alpha` / `comparisons`: its smallest p of n against n
    is 2 · n! · n! / (2n)!."""
    n = 1
    while 2 / math.comb(2 * n, n) > alpha / max(1, comparisons) * (1 + 1e-12):
        n += 1
    return n


def _differences(x: Sequence[float] | Floats, y: Sequence[float] | Floats) -> Floats:
    """Every y_j - x_i, sorted."""
    found = np.sort(np.subtract.outer(np.asarray(y, np.float64), np.asarray(x, np.float64)), axis=None)
    if found.size == 0:
        raise ValueError("at least one replicate a side expected")
    return found


def _critical_rank(m: int, n: int, confidence: float) -> tuple[int, float]:
    """(k, achieved confidence): from the k-th smallest difference to the k-th largest; 0 where there is none."""
    tail = (1 - confidence) / 2
    if max(m, n) > EXACT_UP_TO:
        k = math.floor(m * n / 2 - NormalDist().inv_cdf(1 - tail) * _deviation(m, n))
        return (k, confidence) if k > 0 else (0, 1.0)
    below = np.cumsum(mann_whitney_probabilities(m, n))
    # The last bits of a sum must not decide on a tail that equals the limit exactly.
    k = int(np.searchsorted(below, tail * (1 + 1e-12), side="right"))
    return (k, float(1 - 2 * below[k - 1])) if k else (0, 1.0)


def _deviation(m: int, n: int) -> float:
    """The standard deviation of the Mann–Whitney statistic where the sides don't differ."""
    return math.sqrt(m * n * (m + n + 1) / 12)


@cache
def mann_whitney_probabilities(m: int, n: int) -> Floats:
    """P(U = u) for u = 0 … m·n where two untied samples of m and n come from one distribution.

    The largest of all is from the first sample with probability m/(m+n), and then lies above the n others
    (Mann and Whitney 1947, the recurrence of section 4).
    """
    if m == 0 or n == 0:
        return np.ones(1)
    found = np.zeros(m * n + 1)
    found[n:] += m / (m + n) * mann_whitney_probabilities(m - 1, n)
    found[: m * (n - 1) + 1] += n / (m + n) * mann_whitney_probabilities(m, n - 1)
    found.setflags(write=False)
    return found
