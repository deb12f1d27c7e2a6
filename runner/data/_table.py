"""Reading a user's CSV file, with every fault named by file, line and column. Standard library only."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from runner.errors import SpecError, nearest

MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?"
SECONDS = {"s": 1, "min": 60, "h": 3600, "D": 86400, "W": 604800}
MOST_GAPS = 100  # rows on the time's grid for each row of the file: more means that the frequency is wrong

Rows = list[list[float]]


class Columns(Protocol):
    """What is read: see `runner.data.csv.Settings`."""

    @property
    def path(self) -> str | None: ...
    @property
    def delimiter(self) -> str: ...
    @property
    def time(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def features(self) -> tuple[str, ...]: ...
    @property
    def frequency(self) -> str: ...
    @property
    def missing(self) -> str: ...


def read(wanted: Columns) -> Rows:
    """(rows, features) of target and features on the grid of the time, NaN where missing. Raises SpecError."""
    lines = _lines(wanted)
    header = _header(wanted, lines)
    names = (wanted.target, *wanted.features)
    numbers, times, rows = [], [], []
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        _check_width(wanted, number, line, header)
        numbers.append(number)
        times.append(_time(wanted, number, line[header[wanted.time]]))
        rows.append([_number(wanted, number, name, line[header[name]]) for name in names])
    if not rows:
        raise SpecError(f"{wanted.path}: no rows below the column names.", "Give a file with data.")
    _check_ascending(wanted, numbers, times)
    _check_present(wanted, numbers, names, rows)
    return _on_grid(wanted, numbers, times, rows)


def _lines(wanted: Columns) -> list[list[str]]:
    if len(wanted.delimiter) != 1:
        raise SpecError(f"data.delimiter={wanted.delimiter!r}: one character expected.")
    try:
        with Path(str(wanted.path)).open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file, delimiter=wanted.delimiter))
    except UnicodeDecodeError as error:
        raise SpecError(f"{wanted.path}: not a text file in UTF-8.", "Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise SpecError(f"{wanted.path}: not a CSV file: {error}.", "Save it as CSV in UTF-8.") from error
    if not lines:
        raise SpecError(f"{wanted.path}: the file is empty.", "Give a file with column names and data.")
    return lines


def _header(wanted: Columns, lines: Sequence[Sequence[str]]) -> dict[str, int]:
    """`{column: position}`; every wanted column is there."""
    header = {name.strip(): position for position, name in enumerate(lines[0])}
    keys = [("time", wanted.time), ("target", wanted.target), *(("features", name) for name in wanted.features)]
    for key, name in keys:
        if name not in header:
            raise SpecError(
                f"data.{key}={name}: {wanted.path} has no such column.{nearest(name, header)}",
                f"Its columns: {', '.join(header)}.",
            )
    return header


def _check_width(wanted: Columns, number: int, line: Sequence[str], header: dict[str, int]) -> None:
    if len(line) < len(header):
        raise SpecError(
            f"{wanted.path}, line {number}: {len(line)} columns instead of {len(header)}.", "Mend that line."
        )


def _time(wanted: Columns, number: int, text: str) -> float:
    """Seconds since 1970 (UTC where no zone is given), or the number itself."""
    text = text.strip()
    if re.fullmatch(NUMBER, text):
        return float(text)
    try:
        when = datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    except ValueError as error:
        raise SpecError(
            f"{wanted.path}, line {number}: {wanted.time} is {text!r}, which is no time.",
            "Write times as 2024-01-31 or 2024-01-31T12:00.",
        ) from error
    return (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()


def _number(wanted: Columns, number: int, name: str, text: str) -> float:
    if text.strip().lower() in MISSING:
        return math.nan
    try:
        value = float(text)
    except ValueError as error:
        raise SpecError(
            f"{wanted.path}, line {number}: {name} is {text.strip()!r}, which is no number.",
            "Mend it, or leave it empty if it is missing.",
        ) from error
    if math.isinf(value):
        raise SpecError(f"{wanted.path}, line {number}: {name} is infinite.", "Mend it, or leave it empty.")
    return value


def _check_ascending(wanted: Columns, numbers: Sequence[int], times: Sequence[float]) -> None:
    for number, (before, after) in zip(numbers[1:], itertools.pairwise(times), strict=True):
        if not after > before:
            fault = "twice" if after == before else "before the row above it"
            raise SpecError(
                f"{wanted.path}, line {number}: its {wanted.time} comes {fault}.",
                f"Sort the file by {wanted.time}, each time once.",
            )


def _check_present(wanted: Columns, numbers: Sequence[int], names: Sequence[str], rows: Rows) -> None:
    for position, name in enumerate(names):
        gaps = [number for number, values in zip(numbers, rows, strict=True) if math.isnan(values[position])]
        if len(gaps) == len(rows):
            raise SpecError(f"{wanted.path}: column {name} has no values.", "Choose another column.")
        if gaps and wanted.missing == "error":
            raise SpecError(
                f"{wanted.path}, line {gaps[0]}: {name} is missing ({len(gaps)} of {len(rows)} are).",
                "Fill it in, or type data.missing=interpolate.",
            )


def _on_grid(wanted: Columns, numbers: Sequence[int], times: Sequence[float], rows: Rows) -> Rows:
    """One row a step of the frequency; those that the file lacks are missing values."""
    if wanted.frequency == "rows" or len(rows) < 2:
        return rows
    step = _step(wanted, times)
    places = [(time - times[0]) / step for time in times]
    for number, place in zip(numbers, places, strict=True):
        if abs(place - round(place)) > 1e-3:
            raise SpecError(
                f"{wanted.path}, line {number}: its {wanted.time} is not a whole number of steps after the first "
                f"(data.frequency={wanted.frequency}).",
                "Give data.frequency (15min, 1h, 1D, 1W), or data.frequency=rows where rows are unevenly spaced.",
            )
    return _spread(wanted, [round(place) for place in places], rows)


def _step(wanted: Columns, times: Sequence[float]) -> float:
    if wanted.frequency == "auto":
        return min(after - before for before, after in itertools.pairwise(times))
    match = re.fullmatch(r"(\d*)(s|min|h|D|W)", wanted.frequency)
    if not match or match[1] == "0":
        raise SpecError(
            f"data.frequency={wanted.frequency}: not a frequency.", "Write 30s, 15min, 1h, 1D, 1W, auto or rows."
        )
    return float(match[1] or 1) * SECONDS[match[2]]


def _spread(wanted: Columns, places: Sequence[int], rows: Rows) -> Rows:
    total, lacking = places[-1] + 1, places[-1] + 1 - len(rows)
    advice = "Give data.frequency, or data.frequency=rows where rows are unevenly spaced."
    if len(set(places)) < len(places) or total > MOST_GAPS * len(rows):
        raise SpecError(f"{wanted.path}: its times don't fit data.frequency={wanted.frequency}.", advice)
    if lacking and wanted.missing == "error":
        raise SpecError(f"{wanted.path}: {lacking} of {total} rows are missing (data.missing=error).", advice)
    grid = [[math.nan] * len(rows[0]) for _ in range(total)]
    for place, row in zip(places, rows, strict=True):
        grid[place] = row
    return grid
