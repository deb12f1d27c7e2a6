"""What one run prints at its end: the candidate beside its baseline, what could not be measured, and the finding."""

from __future__ import annotations

from rich.console import Group, RenderableType

from runner.report import caveats, summary
from runner.report.views.layout import COLOURS, Grid, text
from runner.results import naming
from runner.results.formatting import quality_differences, verdict_line
from runner.results.record_schema import ROLES, Result


def renderable(result: Result) -> RenderableType:
    """The end of one run. Every figure has its unit; an absent one has its reason."""
    head = text(summary.heading(result), style="bold")
    finding = text(verdict_line(result), style=_style(result))
    if result.status != "ok":
        return Group(head, finding, *map(text, filter(None, [result.next_step])))
    parts = [f"not measured: {reason} ({', '.join(names)})" for reason, names in summary.absent(result).items()]
    warnings = [text(f"warning: {one}", style="yellow") for one in result.warnings]
    lines = map(text, [*quality_differences(result), *parts, summary.conditions(result), *caveats.lines(result)])
    return Group(head, _table(result), *warnings, *lines, finding)


def _style(result: Result) -> str:
    if result.status != "ok":
        return "bold red"
    return COLOURS[result.comparison.verdict] if result.comparison else "bold"


def _table(result: Result) -> Grid:
    sides = summary.sides(result)
    effective = [result.ran(role) for role in ROLES[: len(sides)]]
    rows = [(label, *cells) for label, cells in summary.figures(sides, result.notes, effective)]
    if not result.measured:  # what measured it, or reckoned it, has figures of its own
        return Grid(("", result.mark), [*rows, *((label, *cells) for label, cells in summary.others(sides))])
    return Grid(("", "candidate", *([f"baseline: {naming.baseline(result)}"] if result.baseline else [])), rows)
