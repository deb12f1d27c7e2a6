"""Holm's correction, against a hand-computed table."""

from __future__ import annotations

import pytest

from runner.measure import holm
from runner.measure.statistics import signed_rank_p


def test_the_adjusted_p_values():
    # sorted: 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1; never below the one before
    assert holm.adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_they_stay_probabilities():
    assert holm.adjusted([0.9, 0.8, 0.7]) == [1.0, 1.0, 1.0]


def test_one_comparison_needs_no_correction_and_none_is_none():
    assert holm.adjusted([0.02]) == [0.02]
    assert holm.adjusted([]) == []


@pytest.mark.parametrize("comparisons", [1, 2, 10, 48])
def test_the_least_pairs_are_just_enough(comparisons: int):
    n = holm.least_pairs(comparisons, 0.02)
    assert signed_rank_p(range(1, n + 1)) * comparisons <= 0.02
    assert signed_rank_p(range(1, n)) * comparisons > 0.02
