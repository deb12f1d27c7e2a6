"""What one pair says."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from runner.measure.effects import log_median, log_ratio, of_bursts
from runner.measure.timed import Pair, Timed


def timed(starts: list[int], *bursts: list[int]) -> Timed:
    sizes = np.array([len(burst) for burst in bursts])
    return Timed(np.concatenate(bursts), np.array(starts), sizes, True, 1.0, {}, None)


def pair(candidate: Timed, baseline: Timed) -> Pair:
    return Pair(0, ("candidate", "baseline"), {"candidate": candidate, "baseline": baseline}, {}, {})


def test_a_burst_is_compared_with_the_bursts_before_and_after_it():
    candidate = timed([0, 200], [1, 2, 90], [4, 4, 4])
    baseline = timed([100, 300], [6, 6, 6], [8, 8, 9])
    assert log_ratio(pair(candidate, baseline)) == pytest.approx(math.log(np.median([6 / 2, 6 / 4, 8 / 4])))


def test_other_batches_are_compared_by_the_time_of_a_sample():
    """Eight samples in 20 against one in 10: four times as fast."""
    candidate, baseline = replace(timed([0], [20]), batch=8), timed([100], [10])
    assert of_bursts(pair(candidate, baseline)) == pytest.approx(math.log(4))
    assert log_median(baseline) - log_median(candidate) == pytest.approx(math.log(4))


def test_a_core_that_slows_down_midway_changes_nothing():
    """Both take half as long again from some turn on; the medians over all fall on different sides of it."""
    candidate = timed([0, 200, 400, 600, 800], [10], [10], [15], [15], [15])
    baseline = timed([100, 300, 500, 700, 900], [10], [10], [10], [15], [15])
    assert log_ratio(pair(candidate, baseline)) == pytest.approx(0)
    assert np.median(candidate.ns) / np.median(baseline.ns) == 1.5


def test_what_a_side_does_alone_in_the_end_has_no_neighbour():
    candidate, baseline = timed([0], [10]), timed([100, 200, 300], [20], [90], [90])
    assert log_ratio(pair(candidate, baseline)) == pytest.approx(math.log(2))


@pytest.mark.parametrize("bursts", [7, 8])
def test_it_is_the_median_to_the_last_bit(bursts: int) -> None:
    random = np.random.default_rng(bursts)
    starts, ns = np.arange(bursts) * 10, random.integers(10_000, 20_000, size=(2, bursts))
    sides = [timed((starts + 5 * side).tolist(), *([int(one)] for one in ns[side])) for side in range(2)]
    logs = np.log(ns).T.ravel()  # in the order in which they ran
    each = np.diff(logs) * np.where(np.arange(2 * bursts - 1) % 2, -1, 1)
    assert log_ratio(pair(*sides)) == pytest.approx(float(np.median(each)), abs=1e-15)


def test_the_effect_of_one_side_alone_is_its_log_time_in_seconds():
    alone = Pair(0, ("candidate",), {"candidate": timed([0], [2000])}, {}, {})
    assert of_bursts(alone) == math.log(2e-6)
