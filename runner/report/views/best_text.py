"""The answer of a race on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from runner.core.advice import shell
from runner.report import best_summary
from runner.report.report_model import Section
from runner.report.views.layout import COLOURS, Grid, text
from runner.results.best_result import Best, BestEstimate

WIDTH = 140  # of text that no terminal limits
RIGHT = ("runs", "file")


def renderable(best: Best | BestEstimate) -> RenderableType:
    """The winner, what is claimed of it, who raced and who didn't, what to type next."""
    if isinstance(best, BestEstimate):
        return Group(*_estimates(best))
    return Group(*_raced(best))


def _raced(best: Best) -> Iterator[RenderableType]:
    style = COLOURS.get(best.confirmed.verdict, "bold") if best.confirmed else "bold"
    yield text(best_summary.heading(best), style)
    yield from map(text, best_summary.lines(best))
    yield from _table(best_summary.raced(best))
    yield from _table(best_summary.left_out(best.left_out))
    yield text("")
    yield from (text(f"{what:<8} {typed}") for what, typed in best_summary.following(best))


def _estimates(best: BestEstimate) -> Iterator[RenderableType]:
    first = best.reckoned[0]
    yield text(best_summary.reckoned_heading(best), "bold")
    yield from _table(best_summary.reckoned(best))
    yield from _table(best_summary.left_out(best.left_out))
    yield text(f"\nuse      python -m runner {shell(*first.words)}")


def _table(section: Section) -> Iterator[RenderableType]:
    if section.rows:
        yield text("")
        yield text(section.title, "bold")
        yield Grid(section.columns, section.rows, right=[name for name in RIGHT if name in section.columns])
