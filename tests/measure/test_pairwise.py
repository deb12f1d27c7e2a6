"""Pairs on one device: what they say, and what is left without the marked ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from runner.measure.noise_floor import NoiseFloor
from runner.measure.pairwise import Paired
from runner.measure.scenarios import single_stream
from runner.measure.settings import Settings
from runner.measure.timed import Pair, Timed

MakeSettings = Callable[..., Settings]
FLOOR = NoiseFloor(0.01, "a test")
PAIRED = Paired(single_stream)


def timed(start: int, ns: int) -> Timed:
    return Timed(np.array([ns]), np.array([start]), np.array([1]), True, 1.0, {}, None)


def pairs(*ratios: float) -> list[Pair]:
    """Pairs whose baseline took so many times as long."""
    made = [{"candidate": timed(0, 1000), "baseline": timed(10, round(1000 * ratio))} for ratio in ratios]
    return [Pair(number, tuple(sides), sides, {}, {}) for number, sides in enumerate(made)]


def test_it_keeps_each_pairs_ratio() -> None:
    assert PAIRED.in_record(pairs(1.5, 2.0))["by_pair"] == pytest.approx([1.5, 2.0])


def test_a_scenario_says_what_is_compared() -> None:
    class Twice:
        """Compares squares."""

        def __getattr__(self, name: str) -> object:
            return getattr(single_stream, name)

        def effect(self, pair: Pair) -> float:
            return 2 * single_stream.effect(pair)

    assert Paired(Twice()).in_record(pairs(3.0))["by_pair"] == pytest.approx([9.0])  # type: ignore[arg-type]


def test_without_the_marked_pairs(measure: MakeSettings) -> None:
    found, left = PAIRED.without(pairs(2.0, 2.0, 9.0), {"": {2: ["hot"]}}, measure("quick"), FLOOR)
    assert found is not None
    assert left == 2
    assert math.exp(found.shown.estimate) == pytest.approx(2.0)
    assert PAIRED.without(pairs(2.0), {"": {0: ["hot"]}}, measure("quick"), FLOOR) == (None, 0)


def test_many_comparisons_need_more_pairs(measure: MakeSettings) -> None:
    settings = measure("quick", min_pairs=4, max_pairs=70, verdict_confidence=0.98)
    assert PAIRED.least(settings, 1) == 4
    assert PAIRED.least(settings, 48) == 13  # 2 / 2¹³ = 0.00024 <= 0.02 / 48
