"""Reading a user's CSV file, with every fault named by file, line and column. Standard library only."""

from __future__ import annotations

import itertools
import math
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from runner.core.errors import BadFile, SpecError, nearest
from runner.data import _numbers, _text, _times
from runner.data._times import Times

SECONDS = {"s": 1, "min": 60, "h": 3600, "D": 86400, "W": 604800}
MOST_INVENTED = 0.5  # share of the rows that may be interpolated
LONGEST = 300  # characters of a line that a message shows
PREAMBLE = 50  # lines in which a header is looked for, to say where it is

Rows = list[list[float]]
Cells = Sequence[str]


@dataclass(frozen=True)
class Table:
    """`rows` (rows, features) of target and features on the grid of the time, NaN where missing; `said`: what a reader
    should know of how the file was read, and of what is odd in it."""

    rows: Rows
    said: tuple[str, ...] = ()


class Columns(Protocol):
    """What is read: see `runner.data.csv.Settings`."""

    @property
    def path(self) -> str | None: ...
    @property
    def delimiter(self) -> str: ...
    @property
    def decimal(self) -> str: ...
    @property
    def time(self) -> str: ...
    @property
    def time_format(self) -> str | None: ...
    @property
    def target(self) -> str: ...
    @property
    def features(self) -> tuple[str, ...]: ...
    @property
    def frequency(self) -> str: ...
    @property
    def missing(self) -> str: ...


def read(wanted: Columns) -> Table:
    """The file as a table. Raises SpecError."""
    lines = _text.read(str(wanted.path), _text.delimiter(wanted.delimiter))
    start = _first_line(wanted, lines)
    header = _header(wanted, lines, start)
    body = [(number, line) for number, line in enumerate(lines[start + 1 :], start + 2) if any(map(str.strip, line))]
    if not body:
        raise BadFile(f"{wanted.path}: no rows below the column names.", "Give a file with data.")
    width = _width(lines[start])
    for number, line in body:
        _check_width(wanted, number, line, width)
    _check_second_header(wanted, body[0], header)
    return _parsed(wanted, body, header)


def _parsed(wanted: Columns, body: Sequence[tuple[int, Cells]], header: dict[str, int]) -> Table:
    names = (wanted.target, *wanted.features)
    numbers = [number for number, _ in body]
    where = [f"{wanted.path}, line {number}" for number in numbers]
    texts = {name: [line[header[name]] for _, line in body] for name in (wanted.time, *names)}
    times = _times.column(where, wanted.time, texts[wanted.time], wanted.time_format)
    separator = _text.delimiter(wanted.delimiter)
    columns, read_so = _numbers.columns(where, {name: texts[name] for name in names}, wanted.decimal, separator)
    rows = [list(values) for values in zip(*columns, strict=True)]
    _check_ascending(wanted, where, times)
    _check_present(wanted, where, names, rows)
    grid = _on_grid(wanted, where, times, rows)
    return Table(grid, (*times.said, *read_so, *_invented(wanted, rows, grid, times)))


# --- the header ---


def _first_line(wanted: Columns, lines: Sequence[Cells]) -> int:
    """The place of the column names; Excel may have written `sep=;` before them."""
    if not lines:
        raise BadFile(f"{wanted.path}: the file is empty.", "Give a file with column names and data.")
    return 1 if len(lines) > 1 and lines[0] and lines[0][0].startswith("sep=") else 0


def _header(wanted: Columns, lines: Sequence[Cells], start: int) -> dict[str, int]:
    """`{column: position}`; every wanted column is there, once."""
    names = [name.strip() for name in lines[start]]
    header = {name: position for position, name in enumerate(names)}
    keys = [("time", wanted.time), ("target", wanted.target), *(("features", name) for name in wanted.features)]
    for place, (key, name) in enumerate(keys):
        if taken := next((other for other, known in keys[:place] if known == name), ""):
            raise SpecError(f"data.{key}={name}: data.{taken} names that column already.", "Name each column once.")
        if name not in header:
            close = nearest(name, header) if len(header) > 1 else ""
            raise BadFile(
                f"data.{key}={name}: {wanted.path} has no such column.{close}",
                _where_else([name for _, name in keys], lines, names),
            )
        if names.count(name) > 1:
            raise BadFile(
                f"data.{key}={name}: {wanted.path} has {names.count(name)} columns of that name.", "Rename the others."
            )
    return header


def _where_else(wanted: Sequence[str], lines: Sequence[Cells], names: Sequence[str]) -> str:
    """What to type where the columns are there, but cut or placed in another way."""
    other = _text.other_delimiter(lines[0], wanted)
    if other:
        return f"Its columns are separated otherwise: data.delimiter={other}"
    for number, line in enumerate(lines[1:PREAMBLE], start=2):
        if set(wanted) <= {cell.strip() for cell in line}:
            return f"They are in line {number}: delete the lines above it."
    single = next((name for name, sign in _text.DELIMITERS.items() if len(names) == 1 and sign in names[0].strip()), "")
    return f"Its columns: {_text.cut(', '.join(names), LONGEST)}." + (
        f" Are they separated by {single}s? data.delimiter={single}" if single else ""
    )


def _width(line: Cells) -> int:
    """The number of columns; separators at the end of a line add none."""
    return len(line) - sum(1 for _ in itertools.takewhile(lambda cell: not cell.strip(), reversed(line)))


def _check_width(wanted: Columns, number: int, line: Cells, width: int) -> None:
    if len(line) == width:
        return
    fault = f"{wanted.path}, line {number}: {len(line)} columns instead of {width}"
    if len(line) < width:
        raise BadFile(f"{fault}.", "Mend that line.")
    if _width(line) > width:
        comma = _text.delimiter(wanted.delimiter) == ","
        advice = (
            "Write numbers with a point, or separate columns by ; and type data.delimiter=semicolon data.decimal=comma"
        )
        raise BadFile(f"{fault} (decimal comma?)." if comma else f"{fault}.", advice if comma else "Mend that line.")


def _check_second_header(wanted: Columns, first: tuple[int, Cells], header: dict[str, int]) -> None:
    """A row of units (W/m2), or of more names, has no time and no number in the places of both."""
    number, line = first
    time, value = (line[header[name]].strip() for name in (wanted.time, wanted.target))
    if not re.search(r"\d", time) and not re.match(r"\W*\d", value) and (time or value.lower() not in _numbers.MISSING):
        shown = _text.cut(", ".join(cell.strip() for cell in line), LONGEST)
        raise BadFile(
            f"{wanted.path}, line {number}: names or units instead of data: {shown}.",
            f"Delete that line: sed -i {number}d {shlex.quote(str(wanted.path))}",
        )


# --- order and gaps ---


def _check_ascending(wanted: Columns, where: Sequence[str], times: Times) -> None:
    for row, (before, after) in enumerate(itertools.pairwise(times.seconds), start=1):
        if after > before:
            continue
        if _times.clock_went_back(times, row):
            if wanted.frequency == "rows":
                continue
            raise BadFile(
                f"{where[row]}: its {wanted.time} comes twice, as where the clock was put back.",
                "Write times with their offset (2023-10-29T02:00+02:00, then +01:00), "
                "or take rows as they come: data.frequency=rows",
            )
        fault = "twice" if after == before else "before the row above it"
        raise BadFile(
            f"{where[row]}: its {wanted.time} comes {fault}.", f"Sort the file by {wanted.time}, each time once."
        )


def _check_present(wanted: Columns, where: Sequence[str], names: Sequence[str], rows: Rows) -> None:
    for position, name in enumerate(names):
        gaps = [line for line, values in zip(where, rows, strict=True) if math.isnan(values[position])]
        if len(gaps) == len(rows):
            raise BadFile(f"{wanted.path}: column {name} has no values.", "Choose another column.")
        if gaps and wanted.missing == "error":
            raise BadFile(
                f"{gaps[0]}: {name} is missing ({len(gaps)} of {len(rows)} are).",
                "Fill it in, or type data.missing=interpolate.",
            )


def _on_grid(wanted: Columns, where: Sequence[str], times: Times, rows: Rows) -> Rows:
    """One row a step of the frequency; those that the file lacks are missing values."""
    if wanted.frequency == "rows" or len(rows) < 2:
        return rows
    step = _step(wanted, times)
    places = [(time - times.seconds[0]) / step for time in times.seconds]
    for line, place in zip(where, places, strict=True):
        if abs(place - round(place)) > 1e-3:
            raise BadFile(
                f"{line}: its {wanted.time} is not a whole number of steps after the first "
                f"(data.frequency={wanted.frequency}).",
                "Give data.frequency (15min, 1h, 1D, 1W), or data.frequency=rows where rows are unevenly spaced.",
            )
    return _spread(wanted, [round(place) for place in places], rows)


def _step(wanted: Columns, times: Times) -> float:
    if wanted.frequency == "auto":
        return min(after - before for before, after in itertools.pairwise(times.seconds))
    match = re.fullmatch(r"(\d*)(s|min|h|D|W)", wanted.frequency)
    if not match or match[1] == "0":
        raise SpecError(
            f"data.frequency={wanted.frequency}: not a frequency.", "Write 30s, 15min, 1h, 1D, 1W, auto or rows."
        )
    if times.monthly:
        raise BadFile(
            f"data.frequency={wanted.frequency}: {wanted.path} has months.", "Leave it out: data.frequency=auto"
        )
    return float(match[1] or 1) * SECONDS[match[2]]


def _spread(wanted: Columns, places: Sequence[int], rows: Rows) -> Rows:
    total, lacking = places[-1] + 1, places[-1] + 1 - len(rows)
    advice = "Give data.frequency, or data.frequency=rows where rows are unevenly spaced."
    if len(set(places)) < len(places):
        raise BadFile(f"{wanted.path}: its times don't fit data.frequency={wanted.frequency}.", advice)
    if lacking and wanted.missing == "error":
        raise BadFile(f"{wanted.path}: {lacking} of {total} rows are missing (data.missing=error).", advice)
    if lacking > MOST_INVENTED * total:
        raise BadFile(
            f"{wanted.path}: {lacking} of {total} rows ({lacking / total:.0%}) would be made up: its times don't fit "
            f"data.frequency={wanted.frequency}.",
            f"{advice} Are times read rightly? See data.time_format.",
        )
    grid = [[math.nan] * len(rows[0]) for _ in range(total)]
    for place, row in zip(places, rows, strict=True):
        grid[place] = row
    return grid


def _invented(wanted: Columns, rows: Rows, grid: Rows, times: Times) -> Iterator[str]:
    """How many rows are interpolated, by column; beyond half of them is refused."""
    for position, name in enumerate((wanted.target, *wanted.features)):
        empty = sum(math.isnan(row[position]) for row in rows)
        lacking, total = len(grid) - len(rows), len(grid)
        if empty + lacking > MOST_INVENTED * total:
            raise BadFile(
                f"{wanted.path}: {empty + lacking} of {total} values of {name} ({(empty + lacking) / total:.0%}) would "
                "be made up.",
                "Choose another column, or give the part of the file that has values.",
            )
        if empty + lacking:
            share = 100 * (empty + lacking) / total
            clock = _times.clock_went_forward(times) if lacking else 0
            summer = f"; {clock} where a clock was put forward (write times in UTC)" if clock else ""
            yield (
                f"{empty + lacking} of {total} values of {name} ({share:.2g} %) are made up, interpolated: "
                f"{lacking} rows that the file lacks, {empty} empty{summer}"
            )
