from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.data import co2, units
from tests.data import series

NEEDS = {"window": 52, "horizon": 12}


@cache
def raw() -> np.ndarray:
    values: np.ndarray = np.genfromtxt(co2.FILE, delimiter=",", skip_header=1)[:, 1]
    return values


@cache
def rows_of(name: str) -> np.ndarray:
    """The row at which each sample's window ends, found again by its targets in ppm."""
    made = series.make("co2", NEEDS)
    truth = units.to_units(made.splits[name]["target"], made.meta, made.splits[name])
    windows = np.lib.stride_tricks.sliding_window_view(raw(), 12)
    return np.array([np.nanargmin(np.abs(windows - row).max(axis=1)) - 1 for row in truth])


def test_the_file_has_as_many_rows_as_the_planner_counts() -> None:
    assert len(raw()) == co2.ROWS == 2284
    assert int(np.isnan(raw()).sum()) == 59


def test_no_value_is_in_windows_or_targets_of_two_parts() -> None:
    ends = {part: rows_of(part) for part in ("train", "val", "test")}
    spans = [(ends[part].min() - 51, ends[part].max() + 12) for part in ("train", "val", "test")]
    assert spans[0][1] < spans[1][0]
    assert spans[1][1] < spans[2][0]
    assert spans[2][1] == co2.ROWS - 1


def test_every_window_ends_on_an_observed_value_and_every_target_was_observed() -> None:
    for part in ("train", "val", "test"):
        for row in rows_of(part):
            assert not np.isnan(raw()[row : row + 13]).any()


def test_targets_come_back_in_ppm() -> None:
    made = series.make("co2", NEEDS)
    test = made.splits["test"]
    last = units.to_units(test["target"], made.meta, test)[-1]
    np.testing.assert_allclose(last, raw()[-12:], atol=1e-3)


def test_a_window_ends_at_zero_change() -> None:
    made = series.make("co2", NEEDS)
    last = made.splits["train"]["in/x"][:, -1, 0]
    assert len(set(last.tolist())) == 1


def test_normalisation_comes_from_the_training_part_alone() -> None:
    made = series.make("co2", NEEDS)
    train, test = made.splits["train"], made.splits["test"]
    assert train["in/x"].mean() == pytest.approx(0, abs=1e-5)
    assert train["in/x"].std() == pytest.approx(1, abs=1e-5)
    assert train["target"].mean() == pytest.approx(0, abs=1e-5)
    assert abs(test["target"].mean()) > 1e-3


def test_the_naive_forecast_is_the_same_week_a_year_earlier() -> None:
    made = series.make("co2", NEEDS)
    np.testing.assert_allclose(made.splits["test"]["naive"][-1], raw()[-12 - 52 : -52], atol=1e-3)


def test_beyond_a_year_the_naive_forecast_goes_back_two() -> None:
    made = series.make("co2", {"window": 52, "horizon": 60})
    expected = np.concatenate([raw()[-60 - 52 : -60], raw()[-8 - 104 : -104]])
    np.testing.assert_allclose(made.splits["test"]["naive"][-1], expected, atol=1e-3)


def test_calibration_is_drawn_from_training_windows_by_seed() -> None:
    one, same, other = (series.make("co2", NEEDS, seed=seed).splits for seed in (1, 1, 2))
    rows = {x.tobytes() for x in one["train"]["in/x"]}
    assert all(x.tobytes() in rows for x in one["calibration"]["in/x"])
    assert len(one["calibration"]["in/x"]) == 256
    assert np.array_equal(one["calibration"]["in/x"], same["calibration"]["in/x"])
    assert not np.array_equal(one["calibration"]["in/x"], other["calibration"]["in/x"])


def test_meta_says_what_a_model_and_a_reader_need() -> None:
    meta = series.make("co2", NEEDS).meta
    assert (meta["task"], meta["metric"], meta["unit"], meta["features"]) == ("forecast", "mae", "ppm", ["co2_ppm"])
    assert meta["shapes"] == {"x": [52, 1], "y": [12]}
    assert meta["rows"] == {"train": 1335, "val": 280, "test": 280, "calibration": 256}


def test_a_window_longer_than_a_part_is_refused_before_any_work() -> None:
    with pytest.raises(SpecError) as error:
        co2.problems(series.chosen("co2"), {"window": 400, "horizon": 12})
    assert str(error.value) == (
        "data=co2: too few rows: its val part has 343 of 2284, a window of 400 and a horizon of 12 need 412.\n"
        "Give more rows, or make model.window or model.horizon smaller."
    )


def test_shares_that_leave_no_test_part_are_refused() -> None:
    with pytest.raises(SpecError) as error:
        co2.problems(series.chosen("co2", train=0.8, val=0.2), NEEDS)
    assert error.value.reason == "data.train=0.8 and data.val=0.2 leave no rows of data=co2 for testing."
