"""The four words, at their borders."""

from __future__ import annotations

import math

import pytest

from runner.measure.noise_floor import NoiseFloor
from runner.measure.statistics import Interval
from runner.measure.verdict import verdict

FLOOR = NoiseFloor(0.01, "a test's")


def log_interval(estimate: float, low: float, high: float) -> Interval:
    return Interval(math.log(estimate), math.log(low), math.log(high), 0.95)


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        ((1.10, 1.08, 1.12), "faster"),
        ((0.90, 0.88, 0.92), "slower"),
        ((1.10, 0.99, 1.21), "ambiguous"),  # may be 1
        ((1.00, 0.98, 1.02), "same"),
        ((1.005, 1.001, 1.009), "same"),  # excludes 1, but is below the floor
        ((0.995, 0.991, 0.999), "same"),
        ((1.02, 1.01, 1.029), "faster"),  # inside ±3 %, yet known to be faster
        ((1.02, 0.99, 1.05), "ambiguous"),
        ((1.009, 1.001, 1.05), "ambiguous"),
    ],
)
def test_the_word(ratio: tuple[float, float, float], word: str):
    assert verdict(log_interval(*ratio), FLOOR).value == word


def test_a_higher_floor_takes_the_verdict_back():
    assert verdict(log_interval(1.04, 1.02, 1.06), NoiseFloor(0.05, "a test's")).value == "ambiguous"


def test_without_a_finite_interval_nothing_is_said():
    assert verdict(Interval(0.5, -math.inf, math.inf, 1.0), FLOOR).value == "ambiguous"


def test_swapping_the_sides_mirrors_the_verdict():
    assert verdict(log_interval(1 / 1.10, 1 / 1.12, 1 / 1.08), FLOOR).value == "slower"
