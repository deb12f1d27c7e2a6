"""The statistics, against scipy, hand-computed tables and plain re-implementations.

scipy is imported inside tests: every process of the suite imports this module, and few run it.
"""

from __future__ import annotations

import math
import time
from itertools import product
from typing import Any

import numpy as np
import pytest

from runner.measure.statistics import (
    Interval,
    bootstrap_percentiles,
    hodges_lehmann,
    hodges_lehmann_at,
    least_samples,
    median,
    percentile,
    signed_rank_p,
    signed_rank_probabilities,
)


def test_the_null_distribution_is_that_of_all_sign_patterns():
    sums = [
        sum(rank for rank, sign in zip(range(1, 7), signs, strict=True) if sign) for signs in product([0, 1], repeat=6)
    ]
    expected = np.bincount(sums, minlength=22) / 2**6
    assert np.array_equal(signed_rank_probabilities(6), expected)


def test_the_null_distribution_sums_to_one_for_many_pairs():
    assert signed_rank_probabilities(1200).sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("samples", [[3], [7, 1], [5, 1, 3], [2**60 + 8, 1, 5, 2], [0.1, 0.2, 0.3, 0.7], [-0.5, 1e300]])
def test_the_median_is_numpys(samples: list[float]) -> None:
    assert median(np.array(samples)) == np.median(samples)


def test_the_estimate_is_the_median_of_the_walsh_averages():
    # Walsh averages of 1, 2, 6: 1, 1.5, 2, 3.5, 4, 6
    assert hodges_lehmann([1.0, 2.0, 6.0]).estimate == 2.75


# n, k (the interval runs from the k-th Walsh average): Hollander and Wolfe's table A.4 at two-sided 5 %
@pytest.mark.parametrize(("n", "k"), [(6, 1), (7, 3), (8, 4), (9, 6), (10, 9), (12, 14), (15, 26), (20, 53), (25, 90)])
def test_the_interval_ends_at_the_tabled_walsh_averages(n: int, k: int):
    x = np.random.default_rng(n).normal(size=n)
    averages = np.sort([(x[i] + x[j]) / 2 for i in range(n) for j in range(i, n)])
    interval = hodges_lehmann(x)
    assert (interval.low, interval.high) == (averages[k - 1], averages[-k])


@pytest.mark.parametrize("n", [6, 9, 14, 23])
def test_the_interval_holds_the_centres_that_scipys_exact_test_keeps(n: int):
    from scipy import stats

    x = np.random.default_rng(100 + n).standard_t(2, size=n)
    interval = hodges_lehmann(x)
    for edge, inward in ((interval.low, 1e-9), (interval.high, -1e-9)):
        assert stats.wilcoxon(x - (edge + inward), method="exact").pvalue > 0.05
        assert stats.wilcoxon(x - (edge - inward), method="exact").pvalue <= 0.05


def test_the_achieved_confidence_is_stated():
    # n = 6: P(W = 0) = 1/64 in each tail
    assert hodges_lehmann([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).confidence == 1 - 2 / 64


@pytest.mark.parametrize("n", [1, 2, 5])
def test_too_few_replicates_have_no_finite_interval(n: int):
    interval = hodges_lehmann(np.arange(n, dtype=float))
    assert (interval.low, interval.high) == (-math.inf, math.inf)
    assert math.isfinite(interval.estimate)
    assert interval.half_width == math.inf


def test_a_lower_confidence_admits_fewer_replicates():
    interval = hodges_lehmann([1.0, 2.0, 3.0, 4.0, 5.0], confidence=0.9375)
    assert (interval.low, interval.high, interval.confidence) == (1.0, 5.0, 0.9375)


@pytest.mark.parametrize("x", [[], [1.0, math.nan], [math.inf]])
def test_values_that_are_no_numbers_are_refused(x: list[float]):
    with pytest.raises(ValueError, match="finite"):
        hodges_lehmann(x)


def test_coverage_on_heavy_tails_is_what_is_claimed():
    random = np.random.default_rng(1)
    trials = 2000
    hits = sum(i.low <= 0 <= i.high for i in (hodges_lehmann(random.standard_t(2, size=10)) for _ in range(trials)))
    assert 0.935 <= hits / trials <= 0.97  # nominal 0.951; the standard error is 0.005


def test_the_percentile_is_numpys():
    assert percentile([1.0, 2.0, 3.0, 10.0], 90) == np.percentile([1.0, 2.0, 3.0, 10.0], 90)


@pytest.mark.parametrize(("p", "n"), [(50, 11), (90, 64), (95, 130), (99, 662), (99.9, 6636)])
def test_the_least_samples_follow_mlperfs_bound(p: float, n: int):
    from scipy import stats

    assert least_samples(p) == n
    assert stats.binom.cdf(1, n, 1 - p / 100) <= 0.01 < stats.binom.cdf(1, n - 1, 1 - p / 100)


@pytest.mark.parametrize("p", [0, 100, 150])
def test_there_is_no_percentile_outside_0_to_100(p: float):
    with pytest.raises(ValueError, match="between 0 and 100"):
        least_samples(p)


def bootstrap_percentile(processes: list[Any], p: float, **how: int) -> Interval:
    return bootstrap_percentiles(processes, (p,), **how)[0]


@pytest.mark.parametrize("p", [50, 90, 99])
def test_the_bootstrap_equals_one_that_builds_every_resample(p: float):
    from scipy import stats

    random = np.random.default_rng(3)
    processes = [random.integers(100, 140, size=size) for size in (30, 50, 41, 20, 33, 64)]
    weights = np.random.default_rng(7).multinomial(6, np.full(6, 1 / 6), size=200)
    draws = [
        np.percentile(np.concatenate([s for s, w in zip(processes, row, strict=True) for _ in range(w)]), p)
        for row in weights
    ]
    t, z = stats.t.ppf(0.975, 5), stats.norm
    low, high = np.quantile(draws, [z.cdf(-math.sqrt(6 / 5) * t), z.cdf(math.sqrt(6 / 5) * t)])
    interval = bootstrap_percentile(processes, p, seed=7, resamples=200)
    assert interval.estimate == np.percentile(np.concatenate(processes), p)
    # the quantile of t is an approximation (0.2 % here), so the cut lies a hair beside
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=2e-3)


def test_the_bootstrap_repeats_with_its_seed():
    processes = [np.random.default_rng(i).lognormal(size=100) for i in range(8)]
    assert bootstrap_percentile(processes, 90, seed=1) == bootstrap_percentile(processes, 90, seed=1)
    assert bootstrap_percentile(processes, 90, seed=1) != bootstrap_percentile(processes, 90, seed=2)


def test_one_process_alone_has_no_finite_interval():
    interval = bootstrap_percentile([np.arange(1000.0)], 50, seed=0)
    assert (interval.estimate, interval.low, interval.high) == (499.5, -math.inf, math.inf)


def test_the_interval_covers_where_processes_differ():
    # Iterations scatter little around their process; processes scatter around the truth (a median of 100).
    random = np.random.default_rng(5)
    hits, trials = 0, 300
    for trial in range(trials):
        processes = [random.normal(random.normal(100, 5), 1, size=80) for _ in range(8)]
        interval = bootstrap_percentile(processes, 50, seed=trial)
        hits += interval.low <= 100 <= interval.high
    assert 0.90 <= hits / trials <= 0.99


def test_the_bootstrap_is_quick_beside_the_plain_one():
    processes = [np.random.default_rng(i).lognormal(size=2000) for i in range(12)]
    begin = time.perf_counter()
    bootstrap_percentile(processes, 50, seed=0)
    ours = time.perf_counter() - begin
    begin = time.perf_counter()
    for _ in range(100):  # a tenth of the resamples
        np.percentile(np.concatenate(processes), 50)
    assert ours < 10 * (time.perf_counter() - begin)


@pytest.mark.parametrize("n", [6, 9, 14])
def test_the_p_value_is_scipys_exact_one(n: int):
    from scipy import stats

    x = np.random.default_rng(200 + n).normal(0.5, 1, size=n)
    assert signed_rank_p(x) == pytest.approx(stats.wilcoxon(x, method="exact").pvalue)


def test_the_p_value_agrees_with_the_interval():
    for seed in range(200):
        x = np.random.default_rng(seed).normal(0.6, 1, size=11)
        interval = hodges_lehmann(x, 0.98)
        assert (signed_rank_p(x) <= 0.02) == (interval.low > 0 or interval.high < 0)


def test_identical_pairs_are_no_evidence():
    assert signed_rank_p([0.0] * 8) == 1.0


def test_several_percentiles_at_once_are_those_of_one_by_one():
    processes = [np.random.default_rng(i).lognormal(size=100) for i in range(8)]
    at_once = bootstrap_percentiles(processes, (50, 90, 99), seed=1)
    assert at_once == [bootstrap_percentile(processes, p, seed=1) for p in (50, 90, 99)]


def test_several_confidences_at_once_are_those_of_one_by_one():
    x = np.random.default_rng(0).normal(size=12)
    assert hodges_lehmann_at(x, (0.95, 0.98)) == [hodges_lehmann(x, 0.95), hodges_lehmann(x, 0.98)]
