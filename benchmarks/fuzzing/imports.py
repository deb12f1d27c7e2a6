"""Tables of numbers measured elsewhere, sound ones and broken ones, as `import` reads them."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fuzzing import judge, odd

NAMES = ("model", "precision", "backend", "hardware", "date", "source")
FIGURES = ("latency/p50_ms", "throughput/per_s", "quality/accuracy", "size/file_mb", "fidelity/sqnr_db")
ODD_NAMES = ("latency/p50", "vs_baseline/speedup", "estimate/cycles", "quality/", "quality/ä", "", "date", "\x1b[31m")
DATES = (
    "2026-10-02", "20261002", "202610", "2026-10", "02.10.2026", "2026-10-25T02:30+02:00", "1790000000", "0001-01-01",
    "9999-12-31T23:59-12:00", "2026-W40", "2026-02-30", "", "yesterday", "2026-10-02T10:00:00Z",
)  # fmt: skip
CELLS = (
    "0,84", "1.201", "1,201", "1 201", "0.84 ms", "1e300", "-999", "inf", "nan", "NA", "-", "12%", "=1+1", "1_0", "−1",
    "0x1F", "٣", "\x00", '"', "1e-400", "true", "",
)  # fmt: skip


def case(draw: random.Random, folder: Path) -> judge.Case:
    """A table as CSV or JSON; of a sound one the figures are known."""
    names = [*NAMES, *draw.sample(FIGURES, draw.randrange(1, 4))]
    broken = draw.random() < 0.7
    rows = [[*_about(draw, broken), *(f"{draw.uniform(0, 2000):.3f}" for _ in names[6:])] for _ in range(3)]
    figures = [float(cell) for row in rows for cell in row[6:]]
    if broken:
        names, rows = _odd(draw, names, rows)
    file = folder / draw.choice(("x.csv", "x.csv", "x.csv", "x.json"))
    file.write_bytes(_text(draw, file.suffix, names, rows, broken))
    return judge.Case(lambda: _imported(file, None if broken else figures), ["import", file.name, "--source", "zoo"])


def _about(draw: random.Random, broken: bool) -> list[str]:
    name = draw.choice(odd.NAMES) if broken and draw.random() < 0.1 else "gru"
    date = draw.choice(DATES) if broken and draw.random() < 0.2 else DATES[0]
    return [name, "int8", "hailo8l", "pi", date, "zoo"]


def _odd(draw: random.Random, names: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """One cell, name or line another."""
    how, row = draw.randrange(5), draw.choice(rows)
    if how < 2:
        row[draw.randrange(6, len(row))] = draw.choice(CELLS)
    elif how == 2:
        names[draw.randrange(len(names))] = draw.choice(ODD_NAMES)
    elif how == 3:
        rows.insert(draw.randrange(3), draw.choice((names, [*[""] * 6, "ms"], [], ["total"])))
    else:
        row[:] = (
            row[: draw.randrange(len(row))] if draw.random() < 0.5 else [*row, *draw.choice(([""], ["5"], ["", ""]))]
        )
    return names, rows


def _text(draw: random.Random, suffix: str, names: list[str], rows: list[list[str]], broken: bool) -> bytes:
    if suffix == ".json":
        text = json.dumps([dict(zip(names, row, strict=False)) for row in rows])
    else:
        sign = draw.choice(",,,;\t|") if broken else ","
        lines = [sign.join(f'"{cell}"' if sign in cell else cell for cell in row) for row in (names, *rows)]
        if draw.random() < 0.1:
            lines.insert(0, draw.choice((f"sep={sign}", "# ours", "")))
        text = draw.choice(("\n", "\r\n", "\r")).join(lines)
    data = text.encode(draw.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1")), "replace")
    return odd.mangled(draw, data) if broken and draw.random() < 0.2 else data


def _imported(file: Path, figures: Sequence[float] | None) -> str:
    """A sound table's figures are those in the records; no record holds what is no number."""
    from runner.results import import_results

    contents = [import_results.content(row, file) for row in import_results.read(file, "zoo")]
    found = [value for content in contents for value in content["metrics"].values()]
    if not all(isinstance(value, float) and math.isfinite(value) for value in found):
        return "an imported figure is no finite number"
    return "" if figures is None or found == figures else "other figures than the file's were imported"
