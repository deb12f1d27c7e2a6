"""The rule that stops a benchmark and finds its verdict."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from runner.measure.noise_floor import NoiseFloor
from runner.measure.settings import Settings
from runner.measure.statistics import Interval
from runner.measure.stopping_rule import decide, expected, replay, stop
from runner.measure.verdict import Verdict

MakeSettings = Callable[..., Settings]
FLOOR = NoiseFloor(0.01, "a test's")


def half_width(value: float) -> Interval:
    return Interval(0.0, -value, value, 0.98)


@pytest.mark.parametrize(
    ("pairs", "width", "seconds", "why"),
    [
        (7, 0.001, 999, None),  # never before the least pairs
        (8, 0.015, 1, "target"),
        (9, 0.001, 1, None),  # looked at every second pair
        (10, 0.001, 1, "target"),
        (10, 0.016, 1, None),
        (9, 0.016, 60, "budget"),
        (10, 0.015, 60, "target"),
        (200, 0.016, 1, "max_pairs"),
        (8, math.inf, 59, None),
    ],
)
def test_what_stops_a_standard_benchmark(
    measure: MakeSettings, pairs: int, width: float, seconds: float, why: str | None
):
    assert stop(pairs, half_width(width), seconds, measure("standard", budget_s=60, max_pairs=200)) == why


def test_how_many_pairs_are_expected(measure: MakeSettings):
    settings = measure("standard", target=0.015, budget_s=60, max_pairs=200)
    assert expected(3, half_width(math.inf), 3, settings) == 8
    assert expected(8, half_width(0.03), 8, settings) == 32  # half the width needs four times as many
    assert expected(8, half_width(math.inf), 8, settings) == 60  # by then the budget is spent
    assert expected(8, half_width(0.001), 8, settings) == 8


def test_a_sweep_may_ask_for_more_pairs_than_the_settings(measure: MakeSettings):
    settings = measure("standard")
    assert stop(8, half_width(0.001), 1, settings, least=11) is None
    assert stop(11, half_width(0.001), 1, settings, least=11) == "target"
    assert expected(3, half_width(math.inf), 3, settings, least=11) == 11


def test_the_stricter_interval_decides_and_the_other_is_shown(measure: MakeSettings):
    # Eight pairs: the 95 % interval runs from the 4th Walsh average, the 98 % one from the 2nd, which is below 0.
    logs = np.array([-0.001, 0.02, 0.021, 0.022, 0.023, 0.024, 0.025, 0.026])
    found = decide(logs, 1.0, measure("standard"), FLOOR)
    averages = np.sort([(a + b) / 2 for i, a in enumerate(logs) for b in logs[i:]])
    assert (found.shown.low, found.shown.high) == (averages[3], averages[-4])
    assert (found.strict.low, found.strict.high) == (averages[1], averages[-2])
    assert (found.verdict, found.stopped_by) == (Verdict.FASTER, "target")


def test_one_pair_of_eight_the_other_way_is_not_enough(measure: MakeSettings):
    logs = np.array([-0.06, 0.05, 0.051, 0.052, 0.053, 0.054, 0.055, 0.055])
    assert decide(logs, 1.0, measure("standard"), FLOOR).verdict is Verdict.AMBIGUOUS


def test_identical_sides_are_called_different_in_3_percent_at_most(measure: MakeSettings):
    random = np.random.default_rng(2)
    settings, false, trials = measure("standard", max_pairs=60), 0, 1000
    for _ in range(trials):
        found = replay(random.normal(0, 0.02, size=60), np.zeros(60), settings, FLOOR)[1]
        false += found.verdict in (Verdict.FASTER, Verdict.SLOWER)
    assert false / trials <= 0.03


def test_a_replay_stops_where_the_benchmark_would_have(measure: MakeSettings):
    quiet, wild = np.full(40, 0.05) + np.arange(40) * 1e-5, np.random.default_rng(0).normal(0, 0.2, size=40)
    settings = measure("standard", budget_s=30, max_pairs=40)
    seconds = np.arange(1.0, 41.0)
    assert replay(quiet, seconds, settings, FLOOR)[0] == 8
    assert replay(quiet, seconds, settings, FLOOR)[1].stopped_by == "target"
    pairs, found = replay(wild, seconds, settings, FLOOR)
    assert (pairs, found.stopped_by) == (30, "budget")
    assert found == decide(wild[:30], 30.0, settings, FLOOR)
    assert replay(wild, seconds / 100, settings, FLOOR)[1].stopped_by == "max_pairs"


def test_a_replay_without_an_end_is_refused(measure: MakeSettings):
    with pytest.raises(ValueError, match="too few"):
        replay(np.random.default_rng(0).normal(0, 0.2, size=20), np.zeros(20), measure("standard"), FLOOR)
