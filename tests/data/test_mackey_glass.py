from __future__ import annotations

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.data import mackey_glass
from tests.data import series


def test_one_seed_is_one_series_and_another_seed_another() -> None:
    first, same, other = (mackey_glass.solve(50, 17, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_with_a_short_delay_it_settles_at_its_fixed_point() -> None:
    # 0.2·x/(1 + x¹⁰) = 0.1·x gives x = 1, stable for small τ (Mackey & Glass 1977)
    np.testing.assert_allclose(mackey_glass.solve(20, 2, 0), 1.0, atol=1e-6)


def test_at_tau_17_it_keeps_oscillating_within_its_known_range() -> None:
    x = mackey_glass.solve(1000, 17, 0)
    assert 0.4 < x.min() < 0.5
    assert 1.25 < x.max() < 1.4


def test_it_solves_the_equation() -> None:
    # Central differences of a row (one unit of time) are coarse; averaged over many rows both sides agree.
    x = mackey_glass.solve(2000, 17, 0)
    now, delayed = x[18:-1], x[1:-18]
    slope = (x[19:] - x[17:-2]) / 2
    expected = 0.2 * delayed / (1 + delayed**10) - 0.1 * now
    assert np.abs(slope - expected).mean() < 0.05 * np.abs(expected).mean()


def test_its_windows_are_not_relative() -> None:
    made = series.make("mackey_glass", {"window": 20, "horizon": 5}, rows=600)
    assert "offset" not in made.splits["test"]
    assert made.meta["unit"] == ""


def test_too_few_rows_are_refused_before_any_work() -> None:
    with pytest.raises(SpecError, match=r"^data=mackey_glass: too few rows: its val part has 15 of 100"):
        mackey_glass.problems(series.chosen("mackey_glass", rows=100), {"window": 52, "horizon": 12})
