"""What a notebook shows of a run or a comparison: a part of a page, without a style of its own. `notebook.html` is its
template."""

from __future__ import annotations

from runner.report import report_model, sweep_page
from runner.report.views import table
from runner.report.views.templates import filled
from runner.results.comparison import Comparison
from runner.results.record_schema import Correction
from runner.results.records import Record


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
