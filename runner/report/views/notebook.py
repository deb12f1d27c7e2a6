"""What a notebook shows of a run, a comparison, two records, a reproduction or a race: a part of a page, without a
style of its own. `notebook.html` is its template."""

from __future__ import annotations

from collections.abc import Sequence

from runner.report import best_summary, report_model, sweep_page
from runner.report.report_model import Section
from runner.report.views import record_diff_table, table
from runner.report.views.templates import filled
from runner.results.best_result import Best
from runner.results.comparison import Comparison
from runner.results.record_diff import Beside, Line
from runner.results.record_schema import Correction
from runner.results.records import Record
from runner.results.reproduction import Reproduction


def of_run(record: Record, correction: Correction | None) -> str:
    """The finding and the figures of a record, whose verdict its sweep may have corrected."""
    page = report_model.collect(record, correction)
    return filled(
        "notebook.html",
        heading=page.heading,
        finding=page.finding,
        warnings=page.warnings,
        sections=[one for one in page.sections if one.title == report_model.METRICS],
        notes=[*filter(None, [page.result.next_step]), *page.absent],
    )


def of_comparison(comparison: Comparison) -> str:
    """The table, what was not measured, notes."""
    page = sweep_page.collect(comparison)
    return filled(
        "notebook.html",
        heading=table.heading(comparison),
        finding=page.counted,
        warnings=(),
        sections=[*table.sections(comparison), *([page.not_measured] if page.not_measured.rows else [])],
        notes=[*table.recommendations(comparison), *comparison.notes],
    )


def of_best(best: Best) -> str:
    """The winner, what is claimed of it, what raced and what didn't."""
    return filled(
        "notebook.html",
        heading=best_summary.heading(best),
        finding="",
        warnings=(),
        sections=[one for one in (best_summary.raced(best), best_summary.left_out(best.left_out)) if one.rows],
        notes=list(best_summary.lines(best)),
    )


def of_two(two: Beside) -> str:
    """Two records: the finding, their figures, what differs, notes."""
    sides = ("candidate", "baseline")
    return filled(
        "notebook.html",
        heading=f"{record_diff_table.name(two.candidate)} against {record_diff_table.name(two.baseline)}",
        finding=record_diff_table.sentence(two),
        warnings=(),
        sections=[
            Section("", ("", *sides), tuple(record_diff_table.figure_lines(two))),
            *_differing(two.differences, sides),
        ],
        notes=[record_diff_table.rests_on(two.comparison), *two.notes],
    )


def of_reproduction(found: Reproduction) -> str:
    """The answer, and what differs."""
    return filled(
        "notebook.html",
        heading="Measured again here",
        finding=found.text,
        warnings=(),
        sections=_differing(found.differences, ("here", "there")),
        notes=[found.quality.text],
    )


def _differing(lines: Sequence[Line], sides: tuple[str, str]) -> list[Section]:
    return [Section("What differs", ("", *sides), tuple(lines))] if lines else []
