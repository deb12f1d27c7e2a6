import itertools
import math

import numpy as np
import pytest
from scipy import stats

from runner.measure.verdict import NoiseFloor
from runner.report.unpaired import compared, kind, log_speedup, mann_whitney_probabilities, two_sample_shift


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 4), (5, 2)])
def test_the_distribution_of_u_is_that_of_all_arrangements(m: int, n: int) -> None:
    counts = np.zeros(m * n + 1)
    for chosen in itertools.combinations(range(m + n), m):
        counts[sum(chosen) - m * (m - 1) // 2] += 1
    assert mann_whitney_probabilities(m, n) == pytest.approx(counts / counts.sum())


def test_the_interval_holds_exactly_the_shifts_that_the_test_does_not_reject() -> None:
    random = np.random.default_rng(3)
    x, y = random.normal(0, 1, 9), random.normal(0.8, 1, 8)
    found = two_sample_shift(x, y)

    def p(shift: float) -> float:
        return float(stats.mannwhitneyu(y - shift, x, method="exact").pvalue)

    assert p(found.low + 1e-9) > 0.05 > p(found.low - 1e-9)
    assert p(found.high - 1e-9) > 0.05 > p(found.high + 1e-9)
    assert found.estimate == pytest.approx(np.median(np.subtract.outer(y, x)))
    assert 0.95 <= found.confidence < 0.97


def test_three_against_three_admit_no_finite_interval_at_95_percent() -> None:
    found = two_sample_shift([1, 2, 3], [4, 5, 6])
    assert (found.low, found.high, found.estimate) == (-math.inf, math.inf, 3.0)


def test_many_replicates_use_the_normal_approximation_close_to_the_exact_interval() -> None:
    random = np.random.default_rng(4)
    x, y = random.normal(0, 1, 51), random.normal(0.5, 1, 51)
    beyond, exact = two_sample_shift(x, y), two_sample_shift(x[:50], y[:50])
    assert beyond.half_width == pytest.approx(exact.half_width, rel=0.1)


def test_the_interval_covers_the_true_shift_in_95_of_100() -> None:
    random = np.random.default_rng(5)
    found = [two_sample_shift(random.standard_t(3, 8), random.standard_t(3, 8)) for _ in range(2000)]
    covered = np.mean([one.low <= 0 <= one.high for one in found])
    assert 0.94 < covered < 0.98


def test_a_process_counts_once_however_many_iterations_it_has() -> None:
    candidate = [np.full(size, 2.0) for size in (10, 1000, 20, 30)]
    baseline = [np.full(5, 3.0)] * 4
    assert math.exp(log_speedup(candidate, baseline).estimate) == pytest.approx(1.5)


def environment(identity: str | None) -> dict[str, object]:
    return {"hardware": {"identity": identity} if identity else {}}


def test_other_hardware_is_across_devices_and_all_else_is_unpaired() -> None:
    assert kind(environment("aa"), environment("bb")) == "across devices"
    assert kind(environment("aa"), environment("aa")) == "unpaired"
    assert kind(environment("aa"), environment(None)) == kind({}, {}) == "unpaired"


def test_blocks_on_two_devices_become_a_records_comparison() -> None:
    candidate = [np.full(20, 2.0 + 0.01 * block) for block in range(8)]
    baseline = [np.full(20, 3.0 + 0.01 * block) for block in range(7)]
    found = compared(candidate, baseline, "across devices", NoiseFloor(0.01, "calibrated"))
    assert {name: found[name] for name in ("verdict", "kind", "pairs", "processes", "floor")} == {
        "verdict": "faster", "kind": "across devices", "pairs": 7, "processes": [8, 7],
        "floor": {"value": 0.01, "source": "calibrated"},
    }  # fmt: skip
    assert found["low"] < 3.03 / 2.035 < found["high"]
    assert found["ratio"] == pytest.approx(3.03 / 2.035, rel=0.003)


def test_three_processes_a_side_have_no_interval_and_an_ambiguous_verdict() -> None:
    sides = [[np.full(5, value)] * 3 for value in (1.0, 2.0)]
    found = compared(sides[0], sides[1], "unpaired", NoiseFloor(0.01, "measure.floor"))
    assert (found["ratio"], found["low"], found["high"], found["verdict"]) == (
        pytest.approx(2.0),
        None,
        None,
        "ambiguous",
    )
