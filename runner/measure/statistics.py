"""Estimates with intervals from few noisy replicates. Needs numpy alone (scipy.stats takes 0.8 s to import).

The replicate is a fresh process, never an iteration: iterations within a process are correlated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence interval, in the unit of the data.

    `confidence` is what the interval achieves, which an exact method can state: a little above what was asked for.
    Where there are too few replicates for any finite interval, low and high are -inf and +inf, and it is 1.
    """

    estimate: float
    low: float
    high: float
    confidence: float

    @property
    def half_width(self) -> float:
        """Half of high - low; inf where the interval is not finite."""
        return (self.high - self.low) / 2


def hodges_lehmann(x: Sequence[float] | Floats, confidence: float = 0.95) -> Interval:
    """The Hodges–Lehmann estimate of the centre of `x`, with the interval of the exact Wilcoxon signed-rank test.

    `x` (n,) are independent replicates. The estimate is the median of the n(n+1)/2 Walsh averages; the interval
    holds every centre that the test doesn't reject. Source: Hollander, Wolfe and Chicken, Nonparametric Statistical
    Methods, 3rd ed., sections 3.2 and 3.3. At 95 % six replicates are the fewest with a finite interval.
    Raises ValueError for no replicates or values that are not finite.
    """
    return hodges_lehmann_at(x, (confidence,))[0]


def hodges_lehmann_at(x: Sequence[float] | Floats, confidences: Sequence[float]) -> list[Interval]:
    """`hodges_lehmann` at several confidences, for the price of one."""
    averages = _walsh_averages(_finite(x))
    estimate = _middle(averages)
    return [_between(averages, estimate, *_critical_rank(len(x), confidence)) for confidence in confidences]


def _between(averages: Floats, estimate: float, rank: int, achieved: float) -> Interval:
    if rank == 0:
        return Interval(estimate, -math.inf, math.inf, 1.0)
    return Interval(estimate, float(averages[rank - 1]), float(averages[-rank]), achieved)


def _walsh_averages(values: Floats) -> Floats:
    """Every (x_i + x_j) / 2 with i <= j, sorted."""
    first, second = _upper_triangle(len(values))
    averages = (values[first] + values[second]) / 2
    averages.sort()
    return averages


@lru_cache(maxsize=64)
def _upper_triangle(n: int) -> tuple[Integers, Integers]:
    first, second = np.triu_indices(n)
    return first, second


def _middle(ordered: Floats) -> float:
    """The median of sorted values."""
    half = len(ordered) // 2
    return float(ordered[half]) if len(ordered) % 2 else float((ordered[half - 1] + ordered[half]) / 2)


def signed_rank_p(x: Sequence[float] | Floats) -> float:
    """The two-sided p-value of the exact Wilcoxon signed-rank test that `x` (n,) scatters around 0.

    It is the test that `hodges_lehmann` inverts: p <= 1 - confidence where and only where its interval excludes 0.
    Zeros count for neither side, which errs towards a large p. Source: Hollander, Wolfe and Chicken, section 3.1.
    """
    averages = _walsh_averages(_finite(x))
    extreme = len(averages) - max(int((averages > 0).sum()), int((averages < 0).sum()))
    below = float(signed_rank_probabilities(len(x))[: extreme + 1].sum())
    return min(1.0, 2 * below)


@lru_cache(maxsize=1024)
def _critical_rank(n: int, confidence: float) -> tuple[int, float]:
    """(k, achieved confidence): the interval runs from the k-th smallest Walsh average to the k-th largest.

    k is the largest with P(W <= k - 1) <= (1 - confidence) / 2; 0 where there is none.
    """
    below = np.cumsum(signed_rank_probabilities(n))
    # The last bits of a sum must not decide on a tail that equals the limit exactly (n = 5 at 93.75 %).
    k = int(np.searchsorted(below, (1 - confidence) / 2 * (1 + 1e-12), side="right"))
    return (k, float(1 - 2 * below[k - 1])) if k else (0, 1.0)


@lru_cache(maxsize=64)
def signed_rank_probabilities(n: int) -> Floats:
    """P(W = w) for w = 0 … n(n+1)/2: the Wilcoxon signed-rank statistic of n untied replicates around their centre.

    By dynamic programming over the ranks: rank r has sign + (and adds r) with probability one half.
    """
    probabilities = np.zeros(n * (n + 1) // 2 + 1)
    probabilities[0] = 1.0
    for rank in range(1, n + 1):
        shifted = np.concatenate((np.zeros(rank), probabilities[:-rank]))
        probabilities = (probabilities + shifted) / 2
    probabilities.setflags(write=False)
    return probabilities


def median(samples: npt.NDArray[np.number]) -> float:
    """The median of at least one finite number: numpy's own, which takes twenty times as long for few."""
    ordered = np.sort(samples)
    return (float(ordered[(len(ordered) - 1) // 2]) + float(ordered[len(ordered) // 2])) / 2


def percentile(samples: Sequence[float] | Floats, p: float) -> float:
    """The p-th percentile (0 < p < 100), linear between order statistics: numpy's default, Hyndman–Fan type 7.

    trtexec and LoadGen take an order statistic instead; from `least_samples(p)` on, the two lie at most one
    sample's spacing apart.
    """
    return float(np.percentile(np.asarray(samples, dtype=np.float64), p))


@lru_cache(maxsize=64)
def least_samples(p: float) -> int:
    """The fewest samples from which the p-th percentile is shown unmarked: p50 11, p90 64, p95 130, p99 662.

    MLPerf's early-stopping bound (LoadGen): n with P(Binomial(n, 1 - p) <= 1) <= 0.01. It assumes independent
    samples, which those of a process are not: a least number, no interval.
    """
    tail = min(p, 100 - p) / 100
    if not 0 < tail < 1:
        raise ValueError(f"a percentile lies between 0 and 100, not at {p}")
    low, high = 1, 2
    while _at_most_one(high, tail) > 0.01:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _at_most_one(middle, tail) > 0.01 else (low, middle)
    return high


def _at_most_one(n: int, q: float) -> float:
    """P(Binomial(n, q) <= 1)."""
    return (1 - q) ** n + n * q * (1 - q) ** (n - 1)


def bootstrap_percentiles(
    samples_by_process: Sequence[npt.NDArray[np.number]],
    percentiles: Sequence[float],
    seed: int,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> list[Interval]:
    """Percentiles of all samples, with intervals from resampling whole processes (a cluster bootstrap).

    The interval is the expanded percentile interval, which makes up for the few processes that there are: its tails
    are those of a t distribution (Hesterberg, What Teachers Should Know About the Bootstrap, 2015, section 3.3.2).
    `confidence` of the result is the nominal one. One process alone says nothing of its kind: ±inf.
    """
    pooled = _finite(np.concatenate(samples_by_process))
    sizes = np.array([len(samples) for samples in samples_by_process])
    estimates = [percentile(pooled, p) for p in percentiles]
    if len(sizes) < 2:
        return [Interval(estimate, -math.inf, math.inf, 1.0) for estimate in estimates]
    draws = _resampled_percentiles(pooled, sizes, percentiles, np.random.default_rng(seed), resamples)
    tail = _expanded_tail(len(sizes), confidence)
    ends = np.quantile(draws, [tail, 1 - tail], axis=1).T
    return [
        Interval(estimate, float(low), float(high), confidence)
        for estimate, (low, high) in zip(estimates, ends, strict=True)
    ]


def _resampled_percentiles(
    pooled: Floats, sizes: Integers, percentiles: Sequence[float], random: np.random.Generator, resamples: int
) -> Floats:
    """(percentiles, resamples) the type 7 percentiles of each resample, without building or sorting any of them.

    `pooled` holds the processes' samples one after the other, `sizes` how many each has.
    """
    n = len(sizes)
    weights = random.multinomial(n, np.full(n, 1 / n), size=resamples)
    totals = weights @ sizes
    position = (totals - 1) * (np.asarray(percentiles)[:, None] / 100)
    whole = np.floor(position).astype(np.int64)
    ranks = np.stack((whole, np.minimum(whole + 1, totals - 1)))
    order = np.argsort(pooled, kind="stable")
    owners = np.repeat(np.arange(n), sizes)[order]
    places = _places([np.flatnonzero(owners == process) for process in range(n)], weights, ranks)
    lower, upper = pooled[order][places]
    drawn: Floats = lower + (position - whole) * (upper - lower)
    return drawn


def _places(own: Sequence[Integers], weights: Integers, ranks: Integers) -> Integers:
    """(…, resamples) where in all sorted samples the order statistics `ranks` (…, resamples; from 0) stand.

    `own[j]` are the places of process j's samples among all, `weights[r, j]` how often resample r holds process j.
    One bisection over the sorted samples serves all resamples at once.
    """
    low = np.zeros(ranks.shape, dtype=np.int64)
    high = np.full(ranks.shape, sum(map(len, own)) - 1)
    while np.any(low < high):
        middle = (low + high) // 2
        below = np.zeros(ranks.shape, dtype=np.int64)
        for process, places in enumerate(own):
            below += weights[:, process] * np.searchsorted(places, middle, side="right")
        enough = below > ranks
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return low


def _expanded_tail(n: int, confidence: float) -> float:
    """The tail to cut from n processes' bootstrap distribution so that the interval is as wide as a t interval."""
    normal = NormalDist()
    z = normal.inv_cdf((1 + confidence) / 2)
    return normal.cdf(-math.sqrt(n / (n - 1)) * _t_quantile(z, n - 1))


def _t_quantile(z: float, freedom: int) -> float:
    """Student's t quantile from the normal one `z` (Abramowitz and Stegun 26.7.5); within 1 % from 4 degrees on."""
    v = float(freedom)
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )


def _finite(x: Sequence[float] | Floats) -> Floats:
    values = np.asarray(x, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError("one axis of at least one finite number expected")
    return values
