"""A comparison as a table: for a terminal, as plain text, CSV, Markdown and JSON. Nothing is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType

from runner.core.foreign_text import markdown as escaped
from runner.report import three_answers
from runner.report.report_model import Section
from runner.report.views import layout, spreadsheet
from runner.report.views.layout import Grid
from runner.results import choice, naming, per_sample
from runner.results.comparison import SPEEDUP, Comparison
from runner.results.formatting import cells, number, quality, quality_against, ratio, worded
from runner.results.naming import AXES, names, title
from runner.results.record_form import ESTIMATED
from runner.results.rows import Row

COLOURS = {"faster": "green", "slower": "red", "ambiguous": "yellow"}
UNFIT = "not to be chosen"
SHOWN = (SPEEDUP, "latency/p50_ms", "memory/peak_rss_mb", "size/file_mb")
BY_SAMPLE = {per_sample.TIME: "p50 ms a sample [{}]", "throughput/per_s": "samples per s"}


def show(comparison: Comparison) -> None:
    """Print on standard output: in colour and as wide as the terminal, or as plain text where there is none."""
    layout.show(renderable(comparison))


def text(comparison: Comparison, width: int = layout.UNLIMITED) -> str:
    """The table without colour, in lines of at most `width` columns, with every character."""
    return layout.plain(renderable(comparison), width)


def renderable(comparison: Comparison) -> RenderableType:
    """The measured rows as a table, what was not measured below with its reason, then notes."""
    parts: list[RenderableType] = [layout.text(heading(comparison))]
    measured, rest = _split(comparison)
    for words, rows in _groups(measured):
        if words:
            parts += [layout.text(""), layout.text(words, style="bold")]
        styles = [_style(row) for row in rows]
        parts.append(Grid(_columns(comparison), _cells(comparison, rows), styles, right=("#",)))
    for row in rest:
        parts.append(layout.text(f"{comparison.name(row)}: {_why_not(row)} ({_day(row)})"))
    parts += [layout.text(note) for note in comparison.notes]
    parts += [layout.text(one, style="bold") for one in recommendations(comparison)]
    return Group(*parts)


def _style(row: Row) -> str:
    return COLOURS.get(row.against.verdict, "") if row.against else ""


def markdown(comparison: Comparison) -> str:
    """GitHub's tables: one of what was measured, one of what was not."""
    _, rest = _split(comparison)
    parts = [escaped(heading(comparison)), ""]
    for section in sections(comparison):
        parts += [escaped(section.title), ""] if section.title else []
        parts += [*_markdown_table(section.columns, section.rows), ""]
    if rest:
        lines = [(comparison.name(row), _why_not(row), _day(row)) for row in rest]
        parts += [*_markdown_table(("not measured", "why", "date"), lines), ""]
    parts += [f"{escaped(note)}  " for note in (*comparison.notes, *recommendations(comparison))]
    return "\n".join(parts).rstrip() + "\n"


def sections(comparison: Comparison) -> list[Section]:
    """What was measured: a table for each group, titled by what tells it from the others; one alone by nothing."""
    measured, _ = _split(comparison)
    columns = tuple(_columns(comparison))
    return [Section(words, columns, tuple(map(tuple, _cells(comparison, rows)))) for words, rows in _groups(measured)]


def _markdown_table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    rows = [columns, ["---"] * len(columns), *lines]
    return [f"| {' | '.join(escaped(one) for one in row)} |" for row in rows]


def as_csv(comparison: Comparison) -> str:
    """One line a row, every metric a column, numbers in full; what was not measured has empty cells and its reason."""
    metrics = sorted({name for row in comparison.rows for name in row.metrics})
    fixed = (
        "record_id",
        "date",
        "sweep",
        "status",
        *AXES,
        "settings",
        "group",
        "baseline",
        "kind",
        "verdict",
        "pairs",
        "reason",
        "unfit",
        "seal",
        *(["choice"] if comparison.choice else []),
    )
    heads = (*fixed, *metrics)
    return spreadsheet.written(heads, ([row.get(name, "") for name in heads] for row in flat(comparison)))


def flat(comparison: Comparison) -> list[dict[str, Any]]:
    """A row each: its names, its verdict, every metric in full. What it lacks is no key."""
    return [{**_named_cells(comparison, row), **row.metrics} for row in comparison.rows]


def _named_cells(comparison: Comparison, row: Row) -> dict[str, Any]:
    result, against = row.result, row.against
    cells = {
        "record_id": result.record_id,
        "date": result.date,
        "sweep": result.sweep,
        "status": result.status,
        "seal": row.record.seal,
        **names(result),
        "settings": comparison.settings[result.record_id],
        "group": row.group,
        "reason": row.missing,
        "unfit": row.unfit,
        "choice": _mark(comparison, row),
    }
    if against is None:
        return {**cells, "kind": result.mark} if result.status == "ok" and not result.measured else cells
    own = {"kind": against.kind, "verdict": against.verdict, "pairs": against.pairs or ""}
    return {**cells, "baseline": against.over, **own}


def as_json(comparison: Comparison) -> dict[str, Any]:
    """JSON types: `{"schema", "baseline", "sort", "sweep", "rows": […], "notes", "answers"}`, rows in the order of the
    table, `answers` as `three_answers.as_json`; `"choice"` where one was asked for."""
    return {
        "schema": 1,
        "baseline": comparison.baseline,
        "sort": comparison.sort,
        "sweep": comparison.sweep,
        "rows": [_json_row(row) for row in comparison.rows],
        "notes": list(comparison.notes),
        "answers": three_answers.as_json(comparison),
        **({"choice": choice.as_json(comparison.choice)} if comparison.choice else {}),
    }


def _json_row(row: Row) -> dict[str, Any]:
    kept = ("record_id", "date", "sweep", "status", "origin", ESTIMATED, "reason", "next_step", "spec", "spec_key")
    content = row.record.content
    return {
        **{key: content.get(key) for key in kept if key in content or key not in ("origin", ESTIMATED)},
        "title": title(row.result),
        "seal": row.record.seal,
        "metrics": dict(row.metrics),
        "unavailable": dict(row.result.unavailable),
        "comparison": row.against and {name: value for name, value in asdict(row.against).items() if name != "own"},
        "quality": _quality_json(row),
        "missing": row.missing,
        "unfit": row.unfit,
        "group": row.group,
    }


def _quality_json(row: Row) -> dict[str, Any]:
    """A record's `quality`, without what it is against another baseline than the chosen one."""
    own, found = row.against is not None and row.against.own, row.record.content.get("quality")
    return {key: value for key, value in found.items() if own or key != "vs_baseline"} if found else {}


# --- words ---


def heading(comparison: Comparison) -> str:
    """What all rows share, and what the speed-up is over."""
    parts = [f"sweep of {cells(len(comparison.rows))}"] if comparison.sweep else []
    parts += [f"{axis} {name}" for axis, name in comparison.shared.items()]
    over = "no baseline" if comparison.baseline == "none" else f"speed-up over {comparison.baseline}"
    return " · ".join([*parts, over])


def recommendations(comparison: Comparison) -> list[str]:
    """What to choose and why, where that was asked."""
    return list(choice.sentences(comparison.choice)) if comparison.choice else []


def _mark(comparison: Comparison, row: Row) -> str:
    return comparison.choice.mark(row) if comparison.choice else ""


def _split(comparison: Comparison) -> tuple[list[Row], list[Row]]:
    rows = comparison.rows
    return [row for row in rows if row.measured], [row for row in rows if not row.measured]


def _groups(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The rows that are ranked among each other, by what tells them from the others."""
    return [(words, list(members)) for words, members in groupby(rows, key=lambda row: row.group)]


def _columns(comparison: Comparison) -> list[str]:
    confidence = {row.result.measure.confidence for row in comparison.rows if "measure" in row.result.spec}
    level = f"{100 * confidence.pop():g} %" if len(confidence) == 1 else "interval"
    settings = ["settings"] if any(comparison.settings.values()) else []
    figures = [f"speed-up [{level}]", "verdict", f"p50 ms [{level}]", "peak MB", "file MB", "quality"]
    extra = [BY_SAMPLE.get(name, name).format(level) for name in _extra(comparison)]
    marks = ["choice"] if comparison.choice else []
    return ["#", *comparison.axes, *settings, *figures, *extra, *marks, "date"]


def _extra(comparison: Comparison) -> list[str]:
    """Beside the usual columns: what a sample costs, where rows run in batches; the metric that rows are sorted by."""
    batches = any(per_sample.TIME in row.metrics for row in comparison.rows)
    names = [*(BY_SAMPLE if batches else ()), comparison.sort]
    return [name for name in dict.fromkeys(names) if name not in SHOWN]


def _cells(comparison: Comparison, rows: Sequence[Row]) -> list[list[str]]:
    """Of the rows of one group; without a speed-up to rank them by, rows have no place."""
    shown = any(comparison.settings.values())
    lines = []
    for place, row in enumerate(rows, 1):
        chosen = names(row.result)
        own = [comparison.settings[row.result.record_id]] if shown else []
        extra = [_metric(row, name) for name in _extra(comparison)]
        axes = [chosen.get(axis, "") for axis in comparison.axes]
        rank = str(place) if comparison.sort in row.metrics and not row.unfit else "–"
        marks = [_mark(comparison, row)] if comparison.choice else []
        lines.append([rank, *axes, *own, *_figures(row), *extra, *marks, _day(row)])
    return lines


def _figures(row: Row) -> list[str]:
    if not row.result.measured:
        return _foreign_figures(row)
    return [*_speedup(row), *(_metric(row, name) for name in SHOWN[1:]), _quality(row)]


def _quality(row: Row) -> str:
    """The first quality figure, and how it differs from the baseline's where the row was measured against that."""
    scores = quality(row.metrics)
    against = quality_against(row.result) if row.against and row.against.own else ""
    return "; ".join(filter(None, [*scores[:1], against])) or "–"


def _foreign_figures(row: Row) -> list[str]:
    """Every figure with its mark: no cell may be read as a measurement of ours."""
    known, mark = naming.plain_metrics(row.result), row.result.mark
    shown = [f"{number(known[name])} ({mark})" if name in known else "–" for name in SHOWN[1:]]
    scores = quality(known)
    return ["–", mark, *shown, f"{scores[0]} ({mark})" if scores else "–"]


def _speedup(row: Row) -> tuple[str, str]:
    against = row.against
    if row.unfit:
        return "–" if against is None else ratio(against.ratio, against.low, against.high), f"{UNFIT}: {row.unfit}"
    if against is None:
        return "–", row.missing
    if against.kind == "baseline":
        return "1", "the baseline"
    kind = "" if against.kind == "paired" else f", {against.kind}"
    return ratio(against.ratio, against.low, against.high), worded(against.verdict, against.correction) + kind


def _metric(row: Row, name: str) -> str:
    """A figure, its interval where it has one, and what qualifies it."""
    if name not in row.metrics:
        return "–"
    low, high = (row.metrics.get(f"{name}{end}") for end in ("_low", "_high"))
    ends = "" if low is None or high is None else f" [{number(low)}, {number(high)}]"
    return number(row.metrics[name]) + ends + _note(row, name)


def _note(row: Row, name: str) -> str:
    """What qualifies a figure, such as `few samples (8; p50 needs 11)`."""
    note = row.result.notes.get(name)
    return f"; {note}" if note else ""


def _why_not(row: Row) -> str:
    if row.record.seal == "edited":
        return f"edited: {row.missing}. Measure it again. ({row.result.record_id})"
    return " ".join(filter(None, (f"{row.result.status}: {row.missing}", row.result.next_step)))


def _day(row: Row) -> str:
    mark = " unsealed" if row.record.seal == "unsealed" else ""
    return row.result.date[:16].replace("T", " ") + mark
