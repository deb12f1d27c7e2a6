from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.data import csv, units
from runner.errors import SpecError
from tests.data import series

NEEDS = {"window": 4, "horizon": 2}
DAY = date(2024, 1, 1)


def rows(count: int = 80) -> list[str]:
    return [f"{DAY + timedelta(days=n)},{n},{n % 7}" for n in range(count)]


def settings(path: str | None, **changed: Any) -> csv.Settings:
    values = {"path": path, "time": "date", "target": "load", "features": ["temp"]}
    chosen: csv.Settings = series.chosen("csv", **{**values, **changed})
    return chosen


def refusal(path: str | None, **changed: Any) -> str:
    with pytest.raises(SpecError) as error:
        csv.problems(settings(path, **changed), NEEDS)
    return str(error.value)


def test_a_good_file_becomes_windows_of_target_and_features(tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", rows())
    csv.problems(settings(path), NEEDS)
    made = csv.make(settings(path, unit="MW"), NEEDS, 0, {})
    assert made.meta["features"] == ["load", "temp"]
    assert made.meta["unit"] == "MW"
    assert made.splits["train"]["in/x"].shape == (51, 4, 2)
    test = made.splits["test"]
    np.testing.assert_allclose(units.to_units(test["target"], made.meta, test)[-1], [78, 79], atol=1e-4)
    np.testing.assert_allclose(test["naive"][-1], [77, 77], atol=1e-4)


def test_a_series_that_is_not_relative_has_no_offset(tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", rows())
    made = csv.make(settings(path, relative=False), NEEDS, 0, {})
    test = made.splits["test"]
    assert "offset" not in test
    np.testing.assert_allclose(units.to_units(test["target"], made.meta, test)[-1], [78, 79], atol=1e-4)


def test_a_missing_value_is_interpolated_and_never_a_target(tmp_path: Path) -> None:
    lines = rows()
    lines[20] = f"{DAY + timedelta(days=20)},,6"
    path = series.write_csv(tmp_path / "my.csv", lines)
    made = csv.make(settings(path), NEEDS, 0, {})
    train = made.splits["train"]
    assert len(train["target"]) == 51 - 3  # window end, first and second target
    truth = units.to_units(train["target"], made.meta, train)
    assert not np.isclose(truth, 20, atol=1e-3).any()


def test_a_missing_row_is_a_missing_value(tmp_path: Path) -> None:
    lines = rows()
    del lines[20]
    made = csv.make(settings(series.write_csv(tmp_path / "my.csv", lines)), NEEDS, 0, {})
    assert len(made.splits["train"]["target"]) == 51 - 3


def test_unevenly_spaced_rows_are_taken_as_they_come_if_asked(tmp_path: Path) -> None:
    lines = [f"{2 ** (n / 10)},{n},0" for n in range(80)]
    made = csv.make(settings(series.write_csv(tmp_path / "my.csv", lines), frequency="rows"), NEEDS, 0, {})
    assert len(made.splits["train"]["target"]) == 51


def month(lines: list[str]) -> list[str]:
    return [f"{2020 + n // 12}-{n % 12 + 1:02}-01,{n},0" for n in range(80)]


def put(row: int, line: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[:row], line, *lines[row + 1 :]]


FAULTS: dict[str, tuple[Callable[[list[str]], list[str]], dict[str, Any], str]] = {
    "text in a number column": (
        put(2, "2024-01-03,many,0"),
        {},
        "{path}, line 4: load is 'many', which is no number.\nMend it, or leave it empty if it is missing.",
    ),
    "an infinite number": (
        put(2, "2024-01-03,inf,0"),
        {},
        "{path}, line 4: load is infinite.\nMend it, or leave it empty.",
    ),
    "no time": (
        put(2, "yesterday,2,0"),
        {},
        "{path}, line 4: date is 'yesterday', which is no time.\nWrite times as 2024-01-31 or 2024-01-31T12:00.",
    ),
    "the same time twice": (
        put(2, "2024-01-02,2,0"),
        {},
        "{path}, line 4: its date comes twice.\nSort the file by date, each time once.",
    ),
    "unsorted": (
        put(2, "2023-01-02,2,0"),
        {},
        "{path}, line 4: its date comes before the row above it.\nSort the file by date, each time once.",
    ),
    "a short line": (put(2, "2024-01-03,2"), {}, "{path}, line 4: 2 columns instead of 3.\nMend that line."),
    "a missing value where none may be": (
        put(2, "2024-01-03,NA,0"),
        {"missing": "error"},
        "{path}, line 4: load is missing (1 of 80 are).\nFill it in, or type data.missing=interpolate.",
    ),
    "a missing row where none may be": (
        lambda lines: [*lines[:2], *lines[3:]],
        {"missing": "error"},
        "{path}: 1 of 80 rows are missing (data.missing=error).\n"
        "Give data.frequency, or data.frequency=rows where rows are unevenly spaced.",
    ),
    "a column without values": (
        lambda lines: [f"{line.split(',')[0]},,1" for line in lines],
        {},
        "{path}: column load has no values.\nChoose another column.",
    ),
    "uneven spacing": (
        month,
        {},
        "{path}, line 3: its date is not a whole number of steps after the first (data.frequency=auto).\n"
        "Give data.frequency (15min, 1h, 1D, 1W), or data.frequency=rows where rows are unevenly spaced.",
    ),
    "a frequency that is none": (
        list,
        {"frequency": "often"},
        "data.frequency=often: not a frequency.\nWrite 30s, 15min, 1h, 1D, 1W, auto or rows.",
    ),
    "a frequency that is too coarse": (
        list,
        {"frequency": "1W"},
        "{path}, line 3: its date is not a whole number of steps after the first (data.frequency=1W).\n"
        "Give data.frequency (15min, 1h, 1D, 1W), or data.frequency=rows where rows are unevenly spaced.",
    ),
    "too few rows": (
        lambda lines: lines[:12],
        {},
        "{path}: too few rows: its val part has 2 of 12, a window of 4 and a horizon of 2 need 6.\n"
        "Give more rows, or make model.window or model.horizon smaller.",
    ),
    "no rows at all": (
        lambda lines: [],
        {},
        "{path}: no rows below the column names.\nGive a file with data.",
    ),
    "an unknown target": (
        list,
        {"target": "laod"},
        "data.target=laod: {path} has no such column. Did you mean load?\nIts columns: date, load, temp.",
    ),
    "an unknown feature": (
        list,
        {"features": ["temperature"]},
        "data.features=temperature: {path} has no such column. Did you mean temp?\nIts columns: date, load, temp.",
    ),
    "an unknown time": (
        list,
        {"time": "when"},
        "data.time=when: {path} has no such column.\nIts columns: date, load, temp.",
    ),
    "a delimiter of two characters": (
        list,
        {"delimiter": ";;"},
        "data.delimiter=';;': one character expected.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_file_and_line(fault: str, tmp_path: Path) -> None:
    change, changed, expected = FAULTS[fault]
    path = series.write_csv(tmp_path / "my.csv", change(rows()))
    assert refusal(path, **changed) == expected.format(path=path)


def test_no_file_named() -> None:
    assert refusal(None) == "data=csv needs a file.\nName it: data.path=my.csv data.time=… data.target=…"


def test_a_file_that_is_not_there() -> None:
    assert refusal("no.csv") == "data.path=no.csv: no such file.\nCheck the path; it is relative to this folder."


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_bytes(b"\xff\xfe\x00\x81")
    assert refusal(str(path)) == f"{path}: not a text file in UTF-8.\nSave it as CSV in UTF-8."


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.touch()
    assert refusal(str(path)) == f"{path}: the file is empty.\nGive a file with column names and data."


def test_times_with_and_without_a_zone_and_semicolons_are_read(tmp_path: Path) -> None:
    lines = [f"2024-01-{n // 24 + 1:02}T{n % 24:02}:00Z;{n};0" for n in range(80)]
    path = series.write_csv(tmp_path / "my.csv", lines, header="\ufeffdate;load;temp")
    csv.problems(settings(path, delimiter=";", frequency="1h"), NEEDS)


def test_the_file_belongs_to_the_key(tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", rows())
    assert csv.files(settings(path)) == (path,)
