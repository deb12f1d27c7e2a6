"""The pictures of a record: what can be drawn of it, and their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.charts import Chart, svg
from runner.core.errors import SpecError
from runner.measure import samples
from runner.measure.samples import Samples
from runner.pictures import latency, layers, machine, sustained
from runner.results import layers as layer_files
from runner.results.picture_files import GRAPH, LATENCY, LAYERS, SUSTAINED
from runner.results.record_schema import Result
from runner.results.records import Record
from runner.telemetry import time_series
from runner.telemetry.sampler import PROFILE


def of_layers(found: Mapping[str, Any]) -> dict[str, Chart]:
    """By name: of what `layers.json` says of a measurement, where it says anything."""
    return {LAYERS: layers.layers(found)} if "measured_ns" in found else {}


def charts(result: Result, candidate: Samples, baseline: Samples, sampled: Path | None) -> dict[str, Chart]:
    """By name: of latencies (ms, by pair) and of the profile in `sampled`, where there are any."""
    found = {LATENCY: latency.latency(result, candidate, baseline)} if candidate else {}
    drawn = machine.chart(time_series.read(sampled)) if sampled else None
    over_time = sustained.chart(result)
    return found | ({SUSTAINED: over_time} if over_time else {}) | ({GRAPH: drawn} if drawn else {})


def write(drawn: Mapping[str, Chart], folder: Path) -> dict[str, Path]:
    """Write SVG files into `folder`: `{name: file}`."""
    files = {f"{name}.svg": folder / f"{name}.svg" for name in drawn}
    for name, chart in drawn.items():
        files[f"{name}.svg"].write_bytes(svg.document(chart))
    return files


def of_record(record: Record) -> dict[str, Chart]:
    """What can be drawn of a record. Raises StepFailed or SpecError where its samples or its profile are damaged."""
    file, sampled = record.folder / samples.FILE, record.folder / PROFILE
    candidate, baseline = (samples.read(file, role) if file.is_file() else {} for role in ("candidate", "baseline"))
    try:
        drawn = charts(record.result, candidate, baseline, sampled if sampled.is_file() else None)
        return drawn | of_layers(layer_files.read(record.folder))
    except (ValueError, IndexError, OverflowError) as error:
        raise SpecError(f"{sampled} can't be read: {error}.", "Remove it: there is then no picture of it.") from error
