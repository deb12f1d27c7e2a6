"""The two-sample interval: against scipy, its coverage, and two devices that take turns in blocks."""

import itertools
import math

import numpy as np
import pytest

from runner.measure.two_sample import (
    across_devices,
    least_replicates,
    log_speedup,
    mann_whitney_p,
    mann_whitney_probabilities,
    two_sample_shift,
)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 4), (5, 2)])
def test_the_distribution_of_u_is_that_of_all_arrangements(m: int, n: int) -> None:
    counts = np.zeros(m * n + 1)
    for chosen in itertools.combinations(range(m + n), m):
        counts[sum(chosen) - m * (m - 1) // 2] += 1
    assert mann_whitney_probabilities(m, n) == pytest.approx(counts / counts.sum())


def test_the_interval_holds_exactly_the_shifts_that_the_test_does_not_reject() -> None:
    from scipy import stats

    random = np.random.default_rng(3)
    x, y = random.normal(0, 1, 9), random.normal(0.8, 1, 8)
    found = two_sample_shift(x, y)

    def p(shift: float) -> float:
        return float(stats.mannwhitneyu(y - shift, x, method="exact").pvalue)

    assert p(found.low + 1e-9) > 0.05 > p(found.low - 1e-9)
    assert p(found.high - 1e-9) > 0.05 > p(found.high + 1e-9)
    assert found.estimate == pytest.approx(np.median(np.subtract.outer(y, x)))
    assert 0.95 <= found.confidence < 0.97


@pytest.mark.parametrize(("m", "n"), [(4, 4), (8, 11), (20, 20)])
def test_the_p_value_is_that_of_the_exact_test(m: int, n: int) -> None:
    from scipy import stats

    random = np.random.default_rng(m)
    x, y = random.normal(0, 1, m), random.normal(0.7, 1, n)
    assert mann_whitney_p(x, y) == pytest.approx(stats.mannwhitneyu(y, x, method="exact").pvalue)


@pytest.mark.parametrize("n", [9, 60])
def test_the_p_value_lies_below_5_percent_where_and_only_where_the_interval_excludes_0(n: int) -> None:
    random = np.random.default_rng(n)
    decided = set()
    for shift in np.linspace(0, 1.5, 60):
        x, y = random.normal(0, 1, n), random.normal(shift, 1, n)
        found = two_sample_shift(x, y)
        excluded = found.low > 0 or found.high < 0
        assert (mann_whitney_p(x, y) <= 0.05) == excluded
        decided.add(excluded)
    assert decided == {True, False}


def test_equal_values_speak_for_neither_side() -> None:
    assert mann_whitney_p([1.0] * 8, [1.0] * 8) == 1.0
    assert mann_whitney_p([1.0] * 60, [1.0] * 60) == 1.0


def test_three_against_three_admit_no_finite_interval_at_95_percent() -> None:
    found = two_sample_shift([1, 2, 3], [4, 5, 6])
    assert (found.low, found.high, found.estimate) == (-math.inf, math.inf, 3.0)
    assert math.isinf(two_sample_shift([1.0], np.arange(60.0)).half_width)


def test_the_fewest_replicates_that_can_decide() -> None:
    assert least_replicates(1, 0.05) == 4  # 2 / 70
    assert least_replicates(12, 0.05) == 6  # 2 / 924 <= 0.05 / 12 < 2 / 252


def test_many_replicates_use_the_normal_approximation_close_to_the_exact_interval() -> None:
    random = np.random.default_rng(4)
    x, y = random.normal(0, 1, 51), random.normal(0.5, 1, 51)
    beyond, exact = two_sample_shift(x, y), two_sample_shift(x[:50], y[:50])
    assert beyond.half_width == pytest.approx(exact.half_width, rel=0.1)


def test_the_interval_covers_the_true_shift_in_95_of_100() -> None:
    random = np.random.default_rng(5)
    found = [two_sample_shift(random.standard_t(3, 8), random.standard_t(3, 8)) for _ in range(2000)]
    covered = np.mean([one.low <= 0 <= one.high for one in found])
    assert 0.94 < covered < 0.98  # 95.0 % at least; three standard errors of 2,000 draws are 1.5 %


def test_a_process_counts_once_however_many_iterations_it_has() -> None:
    candidate = [np.full(size, 2.0) for size in (10, 1000, 20, 30)]
    baseline = [np.full(5, 3.0)] * 4
    assert math.exp(log_speedup(candidate, baseline).estimate) == pytest.approx(1.5)


# --- two devices that take turns ---

Blocks = list[list[np.ndarray]]


def blocks(random: np.random.Generator, typical_ms: float, drift: float, trend: float = 0.0) -> Blocks:
    """Eight turns of three processes each; a turn's level is off by `drift` and moves by `trend` over all of them."""
    made = []
    for turn in range(8):
        level = typical_ms * math.exp(random.normal(0, drift) + trend * turn / 8)
        made.append([level * math.exp(random.normal(0, 0.005)) * random.normal(1, 0.01, 21) for _ in range(3)])
    return made


def flat(of: Blocks) -> list[np.ndarray]:
    return [process for block in of for process in block]


def test_a_block_counts_once_however_many_processes_it_has() -> None:
    candidate = [[np.full(5, 2.0)] * size for size in (1, 9, 2, 3)]
    found = across_devices(candidate, [[np.full(5, 3.0)]] * 4)
    assert math.exp(found.estimate) == pytest.approx(1.5)
    assert found.confidence == pytest.approx(1 - 2 / 70)


def test_blocks_of_one_process_each_are_stored_records_processes() -> None:
    random = np.random.default_rng(6)
    sides = [[random.normal(level, 0.1, 9) for _ in range(7)] for level in (2.0, 3.0)]
    single = [[[process] for process in side] for side in sides]
    assert across_devices(single[0], single[1]) == log_speedup(sides[0], sides[1])


def test_where_blocks_drift_the_interval_is_wider_than_that_of_processes_and_covers_where_it_does_not() -> None:
    random = np.random.default_rng(7)
    truth, covered, naive = math.log(1.5), 0, 0
    for _ in range(300):
        candidate, baseline = blocks(random, 2.0, drift=0.03), blocks(random, 3.0, drift=0.03)
        honest, single = across_devices(candidate, baseline), log_speedup(flat(candidate), flat(baseline))
        covered += honest.low <= truth <= honest.high
        naive += single.low <= truth <= single.high
        assert honest.half_width > single.half_width
    assert 0.92 < covered / 300 <= 1.0  # 95.0 % at least; three standard errors are 3.8 %
    assert naive / 300 < 0.85


def test_a_trend_that_both_share_widens_the_interval_and_leaves_the_ratio() -> None:
    random = np.random.default_rng(8)
    steady, moving = (
        across_devices(blocks(random, 2.0, 0.005, trend), blocks(random, 3.0, 0.005, trend)) for trend in (0.0, 0.3)
    )
    assert moving.half_width > 3 * steady.half_width
    assert moving.low < math.log(1.5) < moving.high
    assert moving.estimate == pytest.approx(math.log(1.5), abs=0.02)
