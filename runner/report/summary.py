"""A record's figures in words: its heading, the candidate beside its baseline, what was not measured, conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from runner.results import naming, per_sample
from runner.results.formatting import number, quality, split_quality
from runner.results.naming import title
from runner.results.record_schema import Effective, Result

# Metric, what it is called, its unit.
FIGURES = (
    ("latency/p50_ms", "latency p50", "ms"),
    ("latency/p90_ms", "latency p90", "ms"),
    ("latency/p99_ms", "latency p99", "ms"),
    (per_sample.TIME, "latency p50 a sample", "ms"),
    ("throughput/per_s", "throughput", "per s"),
    ("efficiency/roofline", "share of the roofline", ""),
    ("memory/peak_rss_mb", "peak memory of the worker", "MB"),
    ("energy/mj_per_inference", "energy per inference", "mJ"),
    ("size/file_mb", "file", "MB"),
    ("size/gzip_mb", "file, gzipped", "MB"),
    ("size/nonzero_params", "non-zero parameters", ""),
    ("compile/seconds", "compile time", "s"),
    ("fidelity/max_abs_error", "largest error against the float model", ""),
    ("fidelity/sqnr_db", "SQNR against the float model", "dB"),
)
CONDITIONS = (("load_1m", "load {:.2g}"), ("competing_cpus", "others kept {:.2g} CPUs busy"), ("cpu_mhz", "{:.0f} MHz"))

Side = Mapping[str, float]


def heading(result: Result) -> str:
    """`bilstm int8_dynamic onnxruntime · data co2 · hardware local · 2026-11-21 09:46 UTC`."""
    chosen = naming.names(result)
    day = result.date[:16].replace("T", " ")
    axes = [f"{axis} {chosen[axis]}" for axis in ("data", "hardware") if axis in chosen]
    axes += filter(None, [result.spec.get("hardware", {}).get("host")])  # of a device over ssh
    return " · ".join([title(result), *axes, f"{day} UTC"])


def conditions(result: Result) -> str:
    """One line: the machine, and how busy it was (medians over the pairs)."""
    hardware, found = result.environment.hardware, result.conditions.spreads
    shown = [wording.format(found[name].median) for name, wording in CONDITIONS if name in found]
    cores = hardware.get("usable_cores") or hardware.get("logical_cores")
    governor = f"governor {result.conditions.governor}" if result.conditions.governor else ""
    told = filter(None, [result.environment.cpu, f"{cores} cores" if cores else "", *shown, governor])
    return f"conditions: {', '.join(told)}"


def sides(result: Result) -> list[Side]:
    """The metrics of the candidate, and of its baseline where it has one, with those of a sample."""
    mine = per_sample.with_time(naming.plain_metrics(result), result.spec)
    return [mine, *([per_sample.with_time(one.metrics, one.spec)] if (one := result.baseline) else [])]


def figures(
    sides: Sequence[Side], notes: Mapping[str, str], effective: Sequence[Effective]
) -> Iterator[tuple[str, list[str]]]:
    """`(label with unit, one cell a side)`: `sides` hold metrics, `notes` qualify the first one's, `effective` is what
    the runtimes made of each."""
    for name, label, unit in FIGURES:
        if any(name in side for side in sides):
            cells = [_figure(side, name) for side in sides]
            cells[0] += f"; {notes[name]}" if name in notes else ""
            yield f"{label}, {unit}" if unit else label, cells
    for name in sides[0]:
        measure, _ = split_quality(name)
        if measure and not measure.startswith("naive_"):
            yield f"quality: {measure}", [_score(side, name) for side in sides]
    if any(one.precision for one in effective):
        yield "effective precision", [precision(one.precision) for one in effective]
    if any(one.quantized for one in effective):
        yield "quantised", [quantized(one.quantized) for one in effective]
    if any(one.fallback for one in effective):
        yield "fell back", [fallback(one.fallback) for one in effective]


def others(sides: Sequence[Side]) -> Iterator[tuple[str, list[str]]]:
    """`(metric, one cell a side)` of what `figures` leaves out: neither a figure of its own nor a quality."""
    known = {name for name, _, _ in FIGURES}
    every = dict.fromkeys(name for side in sides for name in side)
    for name in every:
        base = name.removesuffix("_low").removesuffix("_high")
        if name not in known and (base == name or base not in every) and not name.startswith("quality/"):
            yield name, [_figure(side, name) for side in sides]


def _figure(side: Side, name: str) -> str:
    if name not in side:
        return "–"
    value = f"{side[name]:.0f}" if name == "size/nonzero_params" else number(side[name])
    low, high = side.get(f"{name}_low"), side.get(f"{name}_high")
    return value if low is None or high is None else f"{value} [{number(low)}, {number(high)}]"


def _score(side: Side, name: str) -> str:
    naive = name.replace("quality/", "quality/naive_", 1)
    lines = quality({key: side[key] for key in (name, naive) if key in side})
    return lines[0].partition(" ")[2] if lines else "–"


def precision(ops: Mapping[str, Mapping[str, int]]) -> str:
    """`Gemm int8, LSTM fp32 ×2`: in which precision the compiled artifact's operators run, and how many."""
    words = [(op, kind, count) for op, kinds in ops.items() for kind, count in kinds.items()]
    return ", ".join(f"{op} {kind}" + (f" ×{count}" if count > 1 else "") for op, kind, count in words) or "–"


def quantized(ops: Mapping[str, list[int]]) -> str:
    """`1 of 1 Gemm, 0 of 1 LSTM`."""
    return ", ".join(f"{done} of {total} {op}" for op, (done, total) in ops.items()) or "–"


def fallback(ops: Mapping[str, int]) -> str:
    """`MatMul, Softmax ×2`: operators that ran elsewhere than asked, and how many."""
    return ", ".join(op + (f" ×{count}" if count > 1 else "") for op, count in ops.items()) or "–"


def absent(result: Result) -> dict[str, list[str]]:
    """`{reason: metrics}`: what has one reason is said once."""
    found: dict[str, list[str]] = {}
    for name, reason in result.unavailable.items():
        found.setdefault(reason, []).append(name)
    return found
