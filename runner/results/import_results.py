"""Numbers measured elsewhere (a vendor's, a colleague's spreadsheet, a paper's), read from a CSV or a JSON file, or
from what `benchmark_model` printed.

They become records whose metrics are all `imported/…`: nothing that reads a measurement finds one here. The format
is described in docs/reports.md.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
import reprlib
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from runner.core import given_files, hashing
from runner.core.errors import SpecError, nearest
from runner.core.foreign_text import visible
from runner.data import _numbers
from runner.data import _text as _text_file
from runner.results import records
from runner.results.record_form import AXES, IMPORTED

REQUIRED = ("model", "backend", "hardware", "date")
KNOWN = (*AXES, "date", "source")
TEXTS = (".txt", ".log")
TOLD_BY_EXAMPLE = {"hardware": "pi5", "date": "2026-11-20", "model": "mobilenet_v1"}
UNKNOWN = "unknown"  # the precision of a row that doesn't say it
FIGURES = (
    "latency/p50_ms", "latency/p50_ms_low", "latency/p50_ms_high", "latency/p90_ms", "latency/p95_ms",
    "latency/p99_ms", "latency/p5_ms", "latency/mean_ms", "latency/std_ms", "latency/min_ms", "latency/max_ms",
    "latency/first_ms", "latency/warmup_mean_ms", "load/init_ms", "throughput/per_s", "memory/peak_rss_mb",
    "memory/peak_pss_mb", "memory/device_mb", "memory/peak_mb", "memory/init_delta_mb", "memory/delta_mb",
    "energy/mj_per_inference", "power/mean_w",
    "size/file_mb", "size/gzip_mb", "size/nonzero_params", "compile/seconds", "compile/peak_rss_mb",
    "fidelity/max_abs_error", "fidelity/sqnr_db",
)  # fmt: skip
ASCENDING = (
    ("latency/p50_ms_low", "latency/p50_ms", "latency/p50_ms_high"),
    (
        "latency/min_ms",
        "latency/p5_ms",
        "latency/p50_ms",
        "latency/p90_ms",
        "latency/p95_ms",
        "latency/p99_ms",
        "latency/max_ms",
    ),
)
SIGNED = ("quality/", "fidelity/sqnr_db")  # may lie below 0
REFUSED = {
    "vs_baseline/": "imported numbers are never compared with a baseline",
    "estimate/": "an estimate is no measurement, wherever it was made",
}
ADVICE = "docs/reports.md describes the columns."
MB = 10**6
LARGEST = 16 * MB  # bytes of a file
ROWS = 10_000
HIGHEST = 1e15  # of a figure: nothing measured is larger in the units of the columns
LONGEST = 200  # characters of a name or a source


@dataclass(frozen=True)
class Figure:
    """A number that somebody else measured. No `MeasuredFigure` can be made of it: its name says where it is from."""

    name: str
    value: float

    @property
    def key(self) -> str:
        """Its name in a record's metrics: `imported/latency/p50_ms`."""
        return f"{IMPORTED}/{self.name}"


@dataclass(frozen=True)
class Row:
    """One row of a file: what was measured (axis → name), when, says who, and the figures."""

    number: int
    options: Mapping[str, str]
    date: str
    source: str
    figures: tuple[Figure, ...]


def read(file: Path, source: str = "", told: Mapping[str, str] = MappingProxyType({})) -> list[Row]:
    """The rows of `file` (.csv, .json, or a tool's .txt or .log); `source` says where rows without one of their own are
    from, `told` what a tool's text doesn't (`hardware`, `date`, `model`).

    Every row is read before any is returned. Raises SpecError that names file, row and column.
    """
    readers: Mapping[str, Callable[[str, Path], Iterator[tuple[str, Cells]]]] = {
        ".csv": _csv,
        ".json": _json,
        **dict.fromkeys(TEXTS, partial(_printed, told)),
    }
    if file.suffix.lower() not in readers:
        raise SpecError(
            f"{file}: neither .csv nor .json, nor a tool's {' or '.join(TEXTS)}.",
            "A colleague's exported record needs no import: compare reads it.",
        )
    if told and file.suffix.lower() not in TEXTS:
        reason = f"--{next(iter(told))}: {file} has a column for that."
        raise SpecError(reason, "It is of a tool's text, which has none.")
    lines = readers[file.suffix.lower()](_read(file), file)
    found = [_row(cells, number, source, f"{file}, {place}") for number, (place, cells) in enumerate(lines, 1)]
    if not found:
        raise SpecError(f"{file}: no rows.", ADVICE)
    return found


def content(row: Row, file: Path) -> dict[str, Any]:
    """The content of the record that `row` of `file` becomes."""
    spec = {axis: {"name": name} for axis, name in row.options.items()}
    now = datetime.now(timezone.utc)
    empty: dict[str, Any] = {name: {} for name in ("keys", "unavailable", "notes", "effective", "conditions")}
    return {
        "schema": records.SCHEMA,
        "date": row.date,
        "status": "ok",
        "origin": IMPORTED,
        "reason": "",
        "next_step": "",
        "sweep": "",
        "spec": spec,
        # The same point from the same source again replaces what it said before, in tables; both records stay.
        "spec_key": hashing.digest({IMPORTED: row.source, "spec": spec}),
        "metrics": {figure.key: figure.value for figure in row.figures},
        **empty,
        "imported": {
            "source": row.source,
            "file": file.name,
            "sha256": hashing.file_hash(file),
            "row": row.number,
            "date": now.isoformat(timespec="seconds"),
        },
        "comparison": None,
        "warnings": [],
        "environment": {},
    }


# --- files ---

Cells = Mapping[str, Any]


def _read(file: Path) -> str:
    try:
        given_files.existing(str(file))
        if file.stat().st_size > LARGEST:
            raise SpecError(f"{file} is larger than {LARGEST // MB} MB.", "Import the rows that matter.")
        return _text_file.decoded(file.read_bytes(), str(file))
    except OSError as error:
        raise SpecError(f"{file} can't be read: {error}.", "Expected is a text file in UTF-8.") from error


def _check_count(number: int, file: Path) -> None:
    if number > ROWS:
        raise SpecError(f"{file}: more than {ROWS} rows.", "Each becomes a record: import those that matter.")


def _csv(text: str, file: Path) -> Iterator[tuple[str, Cells]]:
    """`(line, cells)`: empty lines are left out, empty cells are no value."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(reader.line_num, line) for line in reader if any(line)]
    except csv.Error as error:
        raise SpecError(f"{file}, line {reader.line_num}: {error}.", "Expected is CSV with commas.") from error
    if lines and lines[0][1][0].startswith("sep="):  # Excel's
        del lines[0]
    header = _header(lines, file)
    _check_count(len(lines) - 1, file)
    for number, line in lines[1:]:
        cells = line if any(cell.strip() for cell in line[len(header) :]) else line[: len(header)]
        where = f"{file}, line {number}"
        if len(cells) != len(header):
            comma = " (decimal comma?)" if len(cells) > len(header) else ""
            raise SpecError(f"{where}: {len(cells)} cells under {len(header)} columns{comma}.", ADVICE)
        found = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
        _check_data(found, number, file)
        yield f"line {number}", found


def _header(lines: Sequence[tuple[int, list[str]]], file: Path) -> Sequence[str]:
    """The names of the columns, in the first line."""
    header = _without_end([name.strip() for name in lines[0][1]]) if lines else []
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise SpecError(f"{file}: the column {reprlib.repr(twice)} is there twice.", ADVICE)
    for name, sign in _text_file.DELIMITERS.items():
        if len(header) == 1 and set(REQUIRED) <= {cell.strip() for cell in header[0].split(sign)}:
            raise SpecError(f"{file}: columns are separated by {name}s.", "Save it with commas, numbers with points.")
    lower = next((number for number, line in lines[1:] if set(REQUIRED) <= set(map(str.strip, line))), None)
    if lower and not set(REQUIRED) <= set(header):
        raise SpecError(f"{file}: the columns' names are in line {lower}.", "Delete the lines above it.")
    return header


def _check_data(cells: Cells, number: int, file: Path) -> None:
    """A row of units has none of the names that each row needs, a second header has the columns' own."""
    units = not set(REQUIRED) & set(cells) and not any(re.match(r"\W*\d", cell) for cell in cells.values())
    if cells and (units or all(name == cell for name, cell in cells.items())):
        shown = visible(", ".join(cells.values())[:LONGEST])
        raise SpecError(
            f"{file}, line {number}: names or units instead of data: {shown}.",
            f"Delete that line: sed -i {number}d {shlex.quote(str(file))}",
        )


def _without_end(cells: Sequence[str]) -> Sequence[str]:
    """Without the empty cells that separators at the end of a line make."""
    last = max((place for place, cell in enumerate(cells, 1) if cell.strip()), default=0)
    return cells[:last]


def _json(text: str, file: Path) -> Iterator[tuple[str, Cells]]:
    """`(row, cells)` of a list of objects, whose keys are the CSV's columns."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SpecError(f"{file} is not JSON: {error}.", ADVICE) from error
    except RecursionError:
        raise SpecError(f"{file}: too many levels deep.", "A list of objects expected, one a row.") from None
    if not isinstance(found, list):
        raise SpecError(f"{file}: a list of objects expected, one a row.", ADVICE)
    for number, cells in enumerate(found, 1):
        _check_count(number, file)
        if not isinstance(cells, dict):
            raise SpecError(f"{file}, row {number}: an object expected.", ADVICE)
        yield f"row {number}", {name: cell for name, cell in cells.items() if cell is not None}


def _printed(told: Mapping[str, str], text: str, file: Path) -> Iterator[tuple[str, Cells]]:
    """The one row of what `benchmark_model` printed."""
    from runner.backends.litert import BENCHMARK_MODEL, benchmark_model

    try:
        said = benchmark_model.read(text)
    except ValueError as error:
        raise SpecError(f"{file}: {error}.", f"Of texts {BENCHMARK_MODEL}'s are read: all that it printed.") from error
    known = {"model": Path(said.graph).stem, "backend": "litert", "source": BENCHMARK_MODEL, **told}
    absent = next((name for name in REQUIRED if not known.get(name)), None)
    if absent is not None:
        reason = f"{file}: {BENCHMARK_MODEL}'s text doesn't name {absent}."
        raise SpecError(reason, f"Say it: --{absent} {TOLD_BY_EXAMPLE[absent]}")
    yield "the text", {**known, **said.figures}


# --- rows ---


def _row(cells: Cells, number: int, source: str, where: str) -> Row:
    for name in cells:
        _check_name(name, where)
    for name in REQUIRED:
        if name not in cells:
            raise SpecError(f"{where}: no {name}.", f"Every row needs {', '.join(REQUIRED)}, and source or --source.")
    texts = {name: _text(cells[name], f"{where}, column {name}") for name in KNOWN if name in cells}
    origin = texts.get("source") or (_text(source, "--source") if source else "")
    if not origin:
        raise SpecError(f"{where}: no source.", "Say where the numbers are from: a column `source`, or --source TEXT.")
    figures = tuple(
        Figure(name, _number(value, name, f"{where}, column {name}"))
        for name, value in cells.items()
        if name not in KNOWN
    )
    if not figures:
        raise SpecError(f"{where}: no figure.", f"Figures are columns such as {FIGURES[0]}. {ADVICE}")
    _check_ascending({figure.name: figure.value for figure in figures}, where)
    named = {"precision": UNKNOWN, **texts}
    options = {axis: _option(named[axis], f"{where}, column {axis}") for axis in AXES if axis in named}
    return Row(number, options, _date(texts["date"], f"{where}, column date"), origin, figures)


def _check_ascending(figures: Mapping[str, float], where: str) -> None:
    for names in ASCENDING:
        there = [name for name in names if name in figures]
        for below, above in itertools.pairwise(there):
            if figures[below] > figures[above]:
                raise SpecError(
                    f"{where}, column {above}: {figures[above]:g} lies below {below}, which is {figures[below]:g}.",
                    "Are the columns exchanged?",
                )


def _check_name(name: str, where: str) -> None:
    if name in KNOWN or name in FIGURES or re.fullmatch(r"quality/[A-Za-z0-9_]{1,60}", name):
        return
    name = visible(name[:LONGEST])
    for prefix, why in REFUSED.items():
        if name.startswith(prefix):
            raise SpecError(f"{where}, column {name}: {why}.", "Leave the column out.")
    known = (*KNOWN, *FIGURES)
    raise SpecError(
        f"{where}, column {name}: no such column.{nearest(name, known)}", f"{ADVICE} Units are in the names."
    )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise SpecError(f"{where}: {reprlib.repr(value)} is no name of one line.", ADVICE)
    if len(value) > LONGEST:
        raise SpecError(f"{where}: longer than {LONGEST} characters.", "Say it shorter.")
    return value.strip()


def _option(name: str, where: str) -> str:
    """An option's name; a spreadsheet would take one that begins otherwise for a formula."""
    if not re.match(r"\w", name):
        raise SpecError(f"{where}: {name!r} doesn't begin with a letter or a digit.", "Write the name alone.")
    return name


def _number(value: Any, name: str, where: str) -> float:
    try:
        # Python reads 1_000 as a thousand, which no spreadsheet writes; true is a number to Python alone.
        found = math.nan if isinstance(value, bool) or "_" in str(value) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        unit = _numbers.unit_in(str(value)[:LONGEST])
        raise SpecError(
            f"{where}: {reprlib.repr(value)} is not a number.",
            (f"Write the number alone, without {unit!r}. " if unit else "")
            + "Numbers have a decimal point, and no separators of thousands; leave unknown ones out.",
        )
    if abs(found) > HIGHEST:
        raise SpecError(f"{where}: {reprlib.repr(value)} is beyond {HIGHEST:g}.", "Units are in the columns' names.")
    if found < 0 and not name.startswith(SIGNED):
        raise SpecError(f"{where}: {value} lies below 0.", "Leave out what is not known.")
    return found


def _date(text: str, where: str) -> str:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc).isoformat(timespec="seconds")
    except (ValueError, OverflowError):  # the year 1 in a zone east of Greenwich
        raise SpecError(
            f"{where}: {text!r} is no date.", "Expected is 2026-11-21, or 2026-11-21T09:30:00+01:00."
        ) from None
