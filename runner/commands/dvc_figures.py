"""What DVC shows of the grid's measurements: `dvc metrics` a table that 100 columns hold, `dvc plots` two pictures.

Git keeps these files, so that DVC can compare commits. The record in `records/` stays the measurement.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runner.measure import samples
from runner.results import naming
from runner.results.record_schema import ROLES
from runner.results.records import Record

MEASURED, LATENCY = "measured.json", "latency.csv"
SPEEDUP = "vs_baseline/speedup"
# Names in the table of metrics; the record's are too long for 100 columns.
COLUMNS = {"latency/p50_ms": "p50_ms", SPEEDUP: "speedup", f"{SPEEDUP}_low": "low", f"{SPEEDUP}_high": "high"}
PERCENTS = (*range(100), 99.5, 99.9, 100)


def files(root: Path, cell: str) -> tuple[Path, Path, Path]:
    """Where a cell's figures lie: all of them, its row of `dvc metrics`, its distribution of latency."""
    folder = root / "pipeline" / "benchmark" / cell
    return folder / MEASURED, root / "metrics" / f"{cell}.json", folder / LATENCY


def write(record: Record, root: Path, cell: str) -> None:
    """Write all three; a cell that was not measured has a distribution without rows."""
    figures, row, latency = files(root, cell)
    for path, content in ((figures, measured(record)), (row, table(record))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    _csv(latency, ("side", "percent", "ms"), _distribution(record))


def measured(record: Record) -> dict[str, Any]:
    """Flat: whose numbers these are (the precision is the one that ran), what they are over, and the numbers."""
    found = record.result
    whose = {"status": found.status, "date": found.date, "record_id": found.record_id}
    if found.status != "ok":
        return {**whose, "reason": found.reason}
    told = {"precision": naming.precision(found, "candidate"), "baseline": naming.baseline(found) or "none"}
    return {**whose, **told, **found.metrics}


def table(record: Record) -> dict[str, Any]:
    """Median, speed-up with its interval, quality: `estimated_p50_ms` of what was not measured, `incomplete` beside it
    where that leaves something out. `status` where there are no figures, `precision` where another one ran than was
    asked for."""
    found = record.result
    if found.status != "ok":
        return {"status": found.status}
    kinds = {"": "", "estimate/": "estimated_"}
    names = {f"{prefix}{name}": f"{kind}{short}" for prefix, kind in kinds.items() for name, short in COLUMNS.items()}
    quality = {f"quality/{found.quality.metric}": found.quality.metric} if found.quality else {}
    shown = {short: found.metrics[name] for name, short in {**names, **quality}.items() if name in found.metrics}
    odd, partly = naming.misnamed(found), getattr(found.provenance, "incomplete", "")
    return {**shown, **({"precision": odd} if odd else {}), **({"incomplete": partly} if partly else {})}


def _distribution(record: Record) -> Iterator[tuple[str, float, str]]:
    """How long the fastest so many percent of a side's inferences took at most, ms."""
    file = record.folder / samples.FILE
    for role in ROLES if file.is_file() else ():
        if found := samples.read(file, role):
            every = np.percentile(np.concatenate([*found.values()]), PERCENTS)
            yield from ((role, percent, f"{ms:.6f}") for percent, ms in zip(PERCENTS, every, strict=True))


def speedups(root: Path, cells: Sequence[str]) -> Path:
    """Write `metrics/speedups.csv`: a row a cell that was compared, in the grid's order."""
    path = root / "metrics" / "speedups.csv"
    _csv(path, ("cell", "speedup", "low", "high", "baseline"), _speedups(root, cells))
    return path


def _speedups(root: Path, cells: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for cell in cells:
        file = files(root, cell)[0]
        found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        if SPEEDUP in found:
            ends = (found.get(f"{SPEEDUP}_{end}", "") for end in ("low", "high"))
            yield (cell, found[SPEEDUP], *ends, found["baseline"])


def _csv(path: Path, heads: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
