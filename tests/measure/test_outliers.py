"""Outliers are counted, and stay."""

from __future__ import annotations

import numpy as np

from runner.measure import outliers


def test_far_values_are_counted():
    assert outliers.count(np.array([10, 11, 12, 13, 14, 90, -70])) == 2


def test_values_that_are_mostly_equal_have_none():
    assert outliers.count(np.array([5, 5, 5, 5, 9])) == 0


def test_every_process_is_judged_by_its_own_median():
    slow, fast = np.array([100, 101, 102, 103, 104]), np.array([10, 11, 12, 13, 14])
    found = outliers.count_outliers(np.array([0.0, 0.01, 0.02, 0.9]), {"candidate": [slow, fast]})
    assert found["candidate"] == {"count": 0, "of": 10}
    assert found["pairs"] == {"count": 1, "of": 4}
