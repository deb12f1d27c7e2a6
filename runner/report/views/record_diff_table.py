"""Two records side by side, for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType

from runner.report.ci_gate import Subject
from runner.report.summary import figures
from runner.report.views.layout import COLOURS, Grid, text
from runner.results import naming, noise_floor, per_sample
from runner.results.formatting import ratio
from runner.results.naming import title
from runner.results.record_diff import Beside, Line
from runner.results.records import Record
from runner.results.unpaired import Unpaired
from runner.spec import labels
from runner.spec.labels import SELF


def renderable(two: Beside) -> RenderableType:
    """Who against whom, the finding, what it is worth, the figures, the conditions, what differs."""
    found = two.comparison
    lines = [text(f"candidate  {name(two.candidate)}"), text(f"baseline   {name(two.baseline)}")]
    finding = text(sentence(two), style=COLOURS.get(found.verdict, ""))
    return Group(
        *lines,
        text(""),
        finding,
        text(rests_on(found)),
        *map(text, _asides(two)),
        *map(text, two.notes),
        _grid("", figure_lines(two)),
        _grid("conditions, median (range) over pairs", two.conditions),
        _grid("what differs", two.differences) if two.differences else text("The specs, versions and machines agree."),
    )


def sentence(two: Beside) -> str:
    """`1.43× [1.40, 1.46] as fast as the baseline, which has model.hidden 32→64 (unpaired, 10 and 10 processes):
    faster`"""
    found = two.comparison
    mine, theirs = found.processes
    how = f"({found.kind}, {mine} and {theirs} processes)"
    return f"{_ratio(found)} as fast as the baseline{_but(two)} {how}: {found.verdict}"


def _but(two: Beside) -> str:
    """What the two have else than what titles name."""
    told = labels.differences(two.candidate.result.spec, two.baseline.result.spec)
    return f", which has {', '.join(told)}," if told else ""


def rests_on(found: Unpaired) -> str:
    """The interval's confidence and method, the p-value, the noise floor."""
    level = f"{100 * found.confidence:.1f} %" if found.confidence else "No finite interval (too few processes)"
    noise = noise_floor.worded(found.floor)
    return f"{level}, Hodges–Lehmann with the Mann–Whitney test, p = {found.p_value:.2g}; {noise}."


def _asides(two: Beside) -> list[str]:
    if two.through is None or two.drift is None:
        return []
    label = naming.baseline(two.candidate.result)
    label = title(two.candidate.result) if label == SELF else label
    by = f"By way of {label}, against which both were measured: {_ratio(two.through)}, {two.through.verdict}."
    drift = f"{label} itself ran {_ratio(two.drift)} as fast in the candidate's run"
    steady = two.drift.verdict == "same"
    return [
        by,
        f"{drift}: "
        + ("the machine was as fast." if steady else "the machine changed, and the verdict allows for it."),
    ]


def _ratio(found: Unpaired) -> str:
    return ratio(found.ratio, found.low, found.high)


def name(record: Record) -> str:
    """`bilstm int8 onnxruntime · 20261121T090100-00000001 · 2026-11-21 09:01 UTC · AMD EPYC`."""
    result = record.result
    day = f"{result.date[:16].replace('T', ' ')} UTC"
    return " · ".join(filter(None, [title(result), result.record_id, day, result.environment.cpu]))


def figure_lines(two: Beside) -> list[Line]:
    """Both candidates' figures."""
    mine, theirs = two.candidate.result, two.baseline.result
    effective = [one.ran("candidate") for one in (mine, theirs)]
    sides = [per_sample.with_time(one.metrics, one.spec) for one in (mine, theirs)]
    found = figures(sides, mine.notes, effective)
    return [(label, cells[0], cells[1]) for label, cells in found]


def _grid(heading: str, lines: Iterable[Line]) -> Grid:
    return Grid((heading, "candidate", "baseline"), tuple(lines))


def metrics(two: Beside) -> dict[str, float]:
    """The candidate's own metrics, and its speed-up over the other record; none over the baseline of its own run."""
    own = {name: value for name, value in two.candidate.result.metrics.items() if "vs_baseline/" not in name}
    name = "vs_baseline/speedup"
    against = {
        name: two.comparison.ratio,
        f"{name}_low": two.comparison.low,
        f"{name}_high": two.comparison.high,
    }
    return own | {name: value for name, value in against.items() if value is not None}


def subject(two: Beside) -> Subject:
    """What conditions are checked on."""
    result = two.candidate.result
    return Subject(result.record_id, title(result), metrics(two))


def as_json(two: Beside) -> dict[str, Any]:
    """JSON types: `{"schema", "candidate", "baseline", "comparison", "through", "drift", "differences", "conditions",
    "notes"}`."""
    return {
        "schema": 1,
        "candidate": _identity(two.candidate) | {"metrics": metrics(two)},
        "baseline": _identity(two.baseline) | {"metrics": dict(two.baseline.result.metrics)},
        "comparison": asdict(two.comparison),
        "through": two.through and asdict(two.through),
        "drift": two.drift and asdict(two.drift),
        "differences": _lines(two.differences),
        "conditions": _lines(two.conditions),
        "notes": list(two.notes),
    }


def _identity(record: Record) -> dict[str, Any]:
    kept = ("record_id", "date", "spec", "spec_key", "keys", "environment")
    return {**{name: record.content.get(name) for name in kept}, "title": title(record.result)}


def _lines(lines: Sequence[Line]) -> list[dict[str, str]]:
    return [dict(zip(("what", "candidate", "baseline"), line, strict=True)) for line in lines]
