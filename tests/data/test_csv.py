from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.data import csv, units
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


def mid_month(lines: list[str]) -> list[str]:
    return [f"{2020 + n // 12}-{n % 12 + 1:02}-15,{n},0" for n in range(80)]


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
        "{path}, line 4: date is 'yesterday', which is no time.\n"
        "Delete that line if it holds no data; times are written as 2024-01-31 or 2024-01-31T12:00.",
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
        mid_month,
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
    "the target among the features": (
        list,
        {"features": ["temp", "load"]},
        "data.features=load: data.target names that column already.\nName each column once.",
    ),
    "a feature twice": (
        list,
        {"features": ["temp", "temp"]},
        "data.features=temp: data.features names that column already.\nName each column once.",
    ),
    "the time as target": (
        list,
        {"target": "date"},
        "data.target=date: data.time names that column already.\nName each column once.",
    ),
    "decimal commas that make columns": (
        put(2, "2024-01-03,2,5,0,5"),
        {},
        "{path}, line 4: 5 columns instead of 3 (decimal comma?).\n"
        "Write numbers with a point, or separate columns by ; and type data.delimiter=semicolon data.decimal=comma",
    ),
    "a decimal comma in quotes": (
        put(2, '2024-01-03,"2,5",0'),
        {},
        "{path}, line 4: load is '2,5', which is no number.\n"
        "If its decimal sign is a comma, type data.decimal=comma; else write it without thousands' separators.",
    ),
    "a thousand, or a decimal comma": (
        put(2, '2024-01-03,"2,500",0'),
        {},
        "{path}, line 4: load is '2,500', which is no number.\n"
        "Type data.decimal=comma if that is a decimal comma, data.decimal=point if it is a thousand.",
    ),
    "a number with its unit": (
        put(2, "2024-01-03,1 200.5 kW,0"),
        {},
        "{path}, line 4: load is '1 200.5 kW', which is no number.\nWrite the number alone, without 'kW'.",
    ),
    "a number with its currency": (
        put(2, "2024-01-03,€ 12.5,0"),
        {},
        "{path}, line 4: load is '€ 12.5', which is no number.\nWrite the number alone, without '€'.",
    ),
    "a number in brackets, which some take for negative": (
        put(2, "2024-01-03,(12),0"),
        {},
        "{path}, line 4: load is '(12)', which is no number.\nMend it, or leave it empty if it is missing.",
    ),
    "points between thousands twice": (
        put(2, "2024-01-03,1.234.567,0"),
        {},
        "{path}, line 4: load is '1.234.567', which is no number.\n"
        "If its decimal sign is a comma, type data.decimal=comma; else write it without thousands' separators.",
    ),
    "a number beyond float32": (
        put(2, "2024-01-03,2e301,0"),
        {},
        "{path}, line 4: load is 2e301, too large to compute with.\nMend it, or leave it empty.",
    ),
    "a row of units": (
        lambda lines: ["-,MW,°C", *lines],
        {},
        "{path}, line 2: names or units instead of data: -, MW, °C.\nDelete that line: sed -i 2d {path}",
    ),
    "a row of units with digits": (
        lambda lines: [",W/m2,°C", *lines],
        {},
        "{path}, line 2: names or units instead of data: , W/m2, °C.\nDelete that line: sed -i 2d {path}",
    ),
    "a second header": (
        lambda lines: ["date,load,temp", *lines],
        {},
        "{path}, line 2: names or units instead of data: date, load, temp.\nDelete that line: sed -i 2d {path}",
    ),
    "dates with points": (
        put(0, "31.01.2024,2,0"),
        {},
        "{path}, line 2: date is '31.01.2024', which is no time.\nSay how it is written: data.time_format=%d.%m.%Y",
    ),
    "months with slashes": (
        put(0, "01/2024,2,0"),
        {},
        "{path}, line 2: date is '01/2024', which is no time.\nSay how it is written: data.time_format=%m/%Y",
    ),
    "dates of two kinds": (
        put(0, "01/02/2024 10:00,2,0"),
        {},
        "{path}, line 2: date is '01/02/2024 10:00', which is no time.\n"
        "Say how it is written: 'data.time_format=\"%m/%d/%Y %H:%M\"' or 'data.time_format=\"%d/%m/%Y %H:%M\"'",
    ),
    "a date in another format than was said": (
        list,
        {"time_format": "%d.%m.%Y"},
        "{path}, line 2: date is '2024-01-01', which isn't of data.time_format=%d.%m.%Y.\n"
        "Mend it, or say how it is written. For example data.time_format=%d.%m.%Y; all codes: "
        "docs.python.org/3/library/datetime.html#format-codes",
    ),
    "a zone that only some have": (
        put(2, "2024-01-03T00:00Z,2,0"),
        {},
        "{path}, line 4: a time with a zone, unlike those above it.\nWrite all times with a zone, or all without.",
    ),
    "more rows made up than there are": (
        lambda lines: [lines[0], *lines[1::5]],
        {},
        "{path}: 60 of 77 rows (78%) would be made up: its times don't fit data.frequency=auto.\n"
        "Give data.frequency, or data.frequency=rows where rows are unevenly spaced. Are times read rightly? "
        "See data.time_format.",
    ),
    "more values made up than there are": (
        lambda lines: [line if n % 3 == 0 else f"{line.split(',')[0]},,0" for n, line in enumerate(lines)],
        {},
        "{path}: 53 of 80 values of load (66%) would be made up.\n"
        "Choose another column, or give the part of the file that has values.",
    ),
    "a delimiter of two characters": (
        list,
        {"delimiter": ";;"},
        "data.delimiter=';;': one character expected.\n"
        "Type data.delimiter=tab, or another of comma, semicolon, tab, pipe, space.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_file_and_line(fault: str, tmp_path: Path) -> None:
    change, changed, expected = FAULTS[fault]
    path = series.write_csv(tmp_path / "my.csv", change(rows()))
    assert refusal(path, **changed) == expected.format(path=path)


@pytest.mark.parametrize(
    ("header", "line", "changed"),
    [
        ("date,load,temp", f"2024-01-01,{'x1' * 5000},0", {}),
        ("date,load,temp", f"2024-01-01,1{'y' * 10000},0", {}),
        ("date,load,temp", f"2024-01-01,{'9' * 10000},0", {}),
        ("date,load,temp", f"{'2024' * 5000},1,0", {}),
        ("date,load,temp", f"{'2024' * 5000},1,0", {"time_format": "%d.%m.%Y"}),
        ("date,load,temp", f"{'name' * 5000},MW,C", {}),
        (f"{'column' * 5000},load,temp", "2024-01-01,1,0", {}),
    ],
)
def test_a_cell_as_long_as_a_page_is_not_shown_whole(
    header: str, line: str, changed: dict[str, Any], tmp_path: Path
) -> None:
    found = refusal(series.write_csv(tmp_path / "my.csv", [line, *rows()], header), **changed)
    assert len(found) < len(str(tmp_path)) * 3 + 600
    assert "…" in found


@pytest.mark.parametrize("form", ["%d%d", "%Q", "%"])
def test_a_time_format_that_is_none(form: str, tmp_path: Path) -> None:
    found = refusal(series.write_csv(tmp_path / "my.csv", rows()), time_format=form)
    assert found.startswith(f"data.time_format={form}: no format of a time: ")


def test_no_file_named() -> None:
    assert refusal(None) == "data=csv needs a file.\nName it: data.path=my.csv data.time=when data.target=load"


def test_a_file_that_is_not_there() -> None:
    assert refusal("no.csv") == "data.path=no.csv: no such file.\nCheck the path; it is relative to this folder."


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_bytes(b"\xff\xfe\x00\x81")
    assert refusal(str(path)) == f"{path}: not a text file in UTF-8.\nSave it as CSV in UTF-8."


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.touch()
    assert refusal(str(path)).startswith(f"data.path={path}: the file is empty.\n")


def test_times_with_and_without_a_zone_and_semicolons_are_read(tmp_path: Path) -> None:
    lines = [f"2024-01-{n // 24 + 1:02}T{n % 24:02}:00Z;{n};0" for n in range(80)]
    path = series.write_csv(tmp_path / "my.csv", lines, header="\ufeffdate;load;temp")
    csv.problems(settings(path, delimiter=";", frequency="1h"), NEEDS)


def test_the_file_belongs_to_the_key(tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", rows())
    assert csv.files(settings(path)) == (path,)


def said(path: str, **changed: Any) -> list[str]:
    warnings: list[str] = csv.make(settings(path, **changed), NEEDS, 0, {}).meta["warnings"]
    return warnings


def last_targets(path: str, **changed: Any) -> list[float]:
    """In units, of the newest sample."""
    made = csv.make(settings(path, **changed), NEEDS, 0, {})
    test = made.splits["test"]
    found: list[float] = units.to_units(test["target"], made.meta, test)[-1].round(3).tolist()
    return found


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_bytes("\n".join(["date,load,temp", *rows()]).encode(encoding))
    assert last_targets(str(path)) == [78, 79]


def test_windows_text_says_how_to_convert_it(tmp_path: Path) -> None:
    path = tmp_path / "a b.csv"
    path.write_bytes("\n".join(["date,load,temp,Größe", *rows()]).encode("windows-1252"))
    assert refusal(str(path)) == (
        f"{path}, line 1: not a text file in UTF-8 (byte 0xf6).\n"
        f"Save it as CSV in UTF-8; from Windows: iconv -f windows-1252 -t utf-8 '{path}' > utf8.csv"
    )


@pytest.mark.parametrize(
    ("word", "sign"), [("tab", "\t"), ("\\t", "\t"), ("semicolon", ";"), (";", ";"), ("pipe", "|")]
)
def test_delimiters_have_names(word: str, sign: str, tmp_path: Path) -> None:
    lines = [line.replace(",", sign) for line in rows()]
    path = series.write_csv(tmp_path / "my.csv", lines, "date,load,temp".replace(",", sign))
    assert last_targets(path, delimiter=word) == [78, 79]


@pytest.mark.parametrize(("name", "sign"), [("tab", "\t"), ("semicolon", ";")])
def test_another_delimiter_is_advised(name: str, sign: str, tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", rows(), "date,load,temp".replace(",", sign))
    assert refusal(path) == (
        f"data.time=date: {path} has no such column.\nIts columns are separated otherwise: data.delimiter={name}"
    )


def test_a_german_file(tmp_path: Path) -> None:
    lines = [f"{DAY + timedelta(days=n):%d.%m.%Y};1.{n:03},5;0,25" for n in range(80)]
    path = series.write_csv(tmp_path / "my.csv", lines, "\ufeffdate;load;temp")
    german = {"delimiter": ";", "decimal": "comma", "time_format": "%d.%m.%Y"}
    assert last_targets(path, **german) == [1078.5, 1079.5]


@pytest.mark.parametrize("number", ['"1,0{n:02}.5"', "1 0{n:02}.5", "1'0{n:02}.5", '"1,000,0{n:02}"'])
def test_thousands_that_can_be_nothing_else(number: str, tmp_path: Path) -> None:
    lines = [f"{DAY + timedelta(days=n)},{number.format(n=n)},0" for n in range(80)]
    found = last_targets(series.write_csv(tmp_path / "my.csv", lines))
    assert found in ([1078.5, 1079.5], [1000078, 1000079])


def dotted(folder: Path, numbers: Iterable[str], sign: str = ";", temp: str = "0") -> str:
    lines = [sign.join((f"{DAY + timedelta(days=n)}", number, temp)) for n, number in enumerate(numbers)]
    return series.write_csv(folder / "my.csv", lines, sign.join(("date", "load", "temp")))


MIXED = [f"{950 + 10 * n:,}".replace(",", ".") for n in range(80)]  # 950 … 990, 1.000 … 1.740


@pytest.mark.parametrize("sign", [";", "\t"])
def test_points_that_look_like_thousands_are_refused(sign: str, tmp_path: Path) -> None:
    path = dotted(tmp_path, MIXED, sign)
    assert refusal(path, delimiter=sign) == (
        f"{path}, line 7: load is 1.000, which may be 1000: 950 ({path}, line 2) has no point.\n"
        "Type data.decimal=comma if points stand between thousands, data.decimal=point if they are decimal."
    )
    assert last_targets(path, delimiter=sign, decimal="comma") == [1730, 1740]
    assert last_targets(path, delimiter=sign, decimal="point") == [1.73, 1.74]


def test_what_the_typed_sign_alone_decides_is_said(tmp_path: Path) -> None:
    path = dotted(tmp_path, MIXED)
    assert f"load is 1.000 ({path}, line 7), read as 1000, as data.decimal says" in said(
        path, delimiter=";", decimal="comma"
    )


@pytest.mark.parametrize(("sign", "numbers"), [(";", [f"1.{n:03}" for n in range(80)]), (",", MIXED)])
def test_points_that_may_stand_between_thousands_are_said(sign: str, numbers: list[str], tmp_path: Path) -> None:
    path = dotted(tmp_path, numbers, sign)
    line = 2 if sign == ";" else 7
    assert said(path, delimiter=sign)[0] == (
        f"load is 1.000 ({path}, line {line}), read with a decimal point: "
        "if points stand between thousands, type data.decimal=comma"
    )


@pytest.mark.parametrize("other", ["0.543", "12.5", "1500", "1.2e1"])
def test_one_number_shows_what_points_mean(other: str, tmp_path: Path) -> None:
    path = dotted(tmp_path, [other, *MIXED[1:]])
    assert last_targets(path, delimiter=";") == [1.73, 1.74]


def test_another_column_shows_what_points_mean(tmp_path: Path) -> None:
    assert last_targets(dotted(tmp_path, MIXED, temp="0.25"), delimiter=";") == [1.73, 1.74]


def test_thousands_never_begin_with_0(tmp_path: Path) -> None:
    path = dotted(tmp_path, ["0.543"] * 80)
    assert refusal(path, delimiter=";", decimal="comma") == (
        f"{path}, line 2: load is '0.543', which is no number.\n"
        "If its decimal sign is a point, type data.decimal=point; else write it without thousands' separators."
    )


def test_a_typographers_minus(tmp_path: Path) -> None:
    lines = [f"{DAY + timedelta(days=n)},\u2212{n},0" for n in range(80)]
    assert last_targets(series.write_csv(tmp_path / "my.csv", lines)) == [-78, -79]


@pytest.mark.parametrize("word", ["-", "#N/A"])
def test_what_spreadsheets_write_for_nothing_is_missing(word: str, tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", put(20, f"2024-01-21,{word},0")(rows()))
    assert said(path)[0].startswith("1 of 80 values of load")


MONTHS: dict[str, Callable[[date], str]] = {
    "ISO months": lambda first: f"{first:%Y-%m}",
    "first days": lambda first: f"{first}",
    "last days": lambda first: f"{first - timedelta(days=1)}",
    "last days as digits": lambda first: f"{first - timedelta(days=1):%Y%m%d}",
}


@pytest.mark.parametrize("kind", MONTHS)
def test_months_are_evenly_spaced(kind: str, tmp_path: Path) -> None:
    firsts = [date(2020 + n // 12, n % 12 + 1, 1) for n in range(80) if n != 20]
    lines = [f"{MONTHS[kind](first)},{n},{n % 7}" for n, first in enumerate(firsts)]
    path = series.write_csv(tmp_path / "my.csv", lines)
    assert last_targets(path) == [77, 78]
    assert any(text.startswith("1 of 80 values of load") for text in said(path))


def test_a_months_format_that_was_advised_works(tmp_path: Path) -> None:
    lines = [f"{n % 12 + 1:02}/{2020 + n // 12},{n},0" for n in range(80)]
    assert last_targets(series.write_csv(tmp_path / "my.csv", lines), time_format="%m/%Y") == [78, 79]


def test_separators_at_the_end_of_lines_are_no_columns(tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", [f"{line},," for line in rows()])
    assert last_targets(path) == [78, 79]


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", rows(), "date,load,load")
    assert refusal(path, features=[]) == f"data.target=load: {path} has 2 columns of that name.\nRename the others."


def test_a_header_further_down_is_found(tmp_path: Path) -> None:
    path = series.write_csv(tmp_path / "my.csv", ["", "date,load,temp", *rows()], "# from the meter")
    assert refusal(path) == (
        f"data.time=date: {path} has no such column.\nThey are in line 3: delete the lines above it."
    )


@pytest.mark.parametrize(
    ("form", "step"), [("%Y%m%d", timedelta(days=1)), ("%Y%m%d%H", timedelta(hours=1)), ("%Y%m", timedelta(days=32))]
)
def test_dates_as_digits_are_dates(form: str, step: timedelta, tmp_path: Path) -> None:
    when = [DAY]
    while len(when) < 80:
        when.append((when[-1] + step).replace(day=1) if form == "%Y%m" else when[-1] + step)
    moments = [datetime(2024, 1, 1) + n * step for n in range(80)] if "%H" in form else when
    lines = [f"{one.strftime(form)},{n},0" for n, one in enumerate(moments)]
    path = series.write_csv(tmp_path / "my.csv", lines)
    assert last_targets(path) == [78, 79]
    assert said(path)[0].startswith(f"times such as {moments[0].strftime(form)} are read as ")
    assert len(said(path)) == 1 + 1  # and that temp stands still


HOURS = [datetime(2024, 10, 26) + timedelta(hours=n) for n in range(26)]
AGAIN = [datetime(2024, 10, 27, 2) + timedelta(hours=n) for n in range(54)]


def test_a_clock_that_is_put_back_is_hinted_at(tmp_path: Path) -> None:
    when = [*HOURS, datetime(2024, 10, 27, 2), *AGAIN]
    path = series.write_csv(tmp_path / "my.csv", [f"{one:%Y-%m-%d %H:%M},{n},{n % 7}" for n, one in enumerate(when)])
    assert refusal(path) == (
        f"{path}, line 29: its date comes twice, as where the clock was put back.\n"
        "Write times with their offset (2023-10-29T02:00+02:00, then +01:00), "
        "or take rows as they come: data.frequency=rows"
    )
    assert last_targets(path, frequency="rows") == [79, 80]


def test_times_with_their_offset_know_of_no_clock_change(tmp_path: Path) -> None:
    when = [f"{one:%Y-%m-%d %H:%M}+02:00" for one in [*HOURS, datetime(2024, 10, 27, 2)]]
    when += [f"{one:%Y-%m-%d %H:%M}+01:00" for one in AGAIN]
    path = series.write_csv(tmp_path / "my.csv", [f"{one},{n},{n % 7}" for n, one in enumerate(when)])
    assert last_targets(path, frequency="1h") == [79, 80]
    assert said(path) == []


def summer(day: datetime) -> bool:
    return day < datetime(2024, 10, 28)


@pytest.mark.parametrize(
    "written",
    [
        lambda day: f"{day:%Y-%m-%dT%H:%M}{'+02:00' if summer(day) else '+01:00'}",
        lambda day: f"{day - timedelta(hours=2 if summer(day) else 1):%Y-%m-%dT%H:%MZ}",
    ],
)
def test_local_midnights_are_days_where_the_clock_changes(written: Callable[[datetime], str], tmp_path: Path) -> None:
    days = [datetime(2024, 10, 1) + timedelta(days=n) for n in range(80)]
    path = series.write_csv(tmp_path / "my.csv", [f"{written(day)},{n},{n % 7}" for n, day in enumerate(days)])
    assert last_targets(path) == [78, 79]
    assert said(path) == ["times lie an hour beside whole days, as where a clock is changed: they are read as days"]


def test_a_clock_that_is_put_forward_leaves_an_hour_to_be_made_up(tmp_path: Path) -> None:
    hours = [datetime(2024, 3, 30) + timedelta(hours=n) for n in range(80)]
    lines = [f"{one:%Y-%m-%dT%H:%M},{n},{n % 7}" for n, one in enumerate(hours) if one != datetime(2024, 3, 31, 2)]
    (line, other) = said(series.write_csv(tmp_path / "my.csv", lines))
    assert line == (
        "1 of 80 values of load (1.2 %) are made up, interpolated: 1 rows that the file lacks, 0 empty; "
        "1 where a clock was put forward (write times in UTC)"
    )
    assert "of temp" in other


def test_the_share_of_made_up_values_is_said(tmp_path: Path) -> None:
    lines = rows()
    lines[20] = f"{DAY + timedelta(days=20)},,6"
    del lines[30:34]
    found = said(series.write_csv(tmp_path / "my.csv", lines))
    assert found == [
        "5 of 80 values of load (6.2 %) are made up, interpolated: 4 rows that the file lacks, 1 empty",
        "4 of 80 values of temp (5 %) are made up, interpolated: 4 rows that the file lacks, 0 empty",
    ]


ODD: dict[str, tuple[Callable[[int], Any], str]] = {
    "constant": (lambda n: 7.5, "load is 7.5 in the whole training part: nothing can be learnt from it"),
    "it moves only later": (
        lambda n: 7.5 if n < 60 else n,
        "load is 7.5 in the whole training part: nothing can be learnt from it",
    ),
    "it stands still for long": (
        lambda n: 3 if 30 <= n < 55 else n,
        "load is 3 in 25 of 80 rows on end: did it get stuck?",
    ),
    "a negative number of nines within a wide range": (
        lambda n: -999 if n in (5, 9) else 30 * n,
        "load is -999 2 times, and else within 0 to 2370: if that stands for a missing value, leave it empty",
    ),
    "a number of nines again and again": (
        lambda n: 9999 if n in (5, 9) else 60 * n,
        "load is 9999 2 times, and else within 0 to 4740: if that stands for a missing value, leave it empty",
    ),
    "a value that stands for none": (
        lambda n: -999 if n in (5, 9) else n,
        "load is -999 2 times, and else within 0 to 79: if that stands for a missing value, leave it empty",
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_values_are_said_and_what_is_made_of_them_is_finite(kind: str, tmp_path: Path) -> None:
    value, expected = ODD[kind]
    path = series.write_csv(tmp_path / "my.csv", [f"{DAY + timedelta(days=n)},{value(n)},{n % 7}" for n in range(80)])
    made = csv.make(settings(path), NEEDS, 0, {})
    assert made.meta["warnings"] == [expected]
    for arrays in made.splits.values():
        assert all(np.isfinite(array).all() and np.abs(array).max() < 1e6 for array in arrays.values())


@pytest.mark.parametrize("largest", [99, 999])
def test_a_number_of_nines_among_its_like_is_not_odd(largest: int, tmp_path: Path) -> None:
    lines = [f"{DAY + timedelta(days=n)},{largest - 79 + n},{n % 7}" for n in range(80)]
    assert said(series.write_csv(tmp_path / "my.csv", lines)) == []


def test_a_good_file_has_nothing_odd(tmp_path: Path) -> None:
    assert said(series.write_csv(tmp_path / "my.csv", rows())) == []
