"""An explanation, for a terminal and as one HTML file."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding

from runner.report.explanation_page import Page, listed
from runner.report.report_model import Section
from runner.report.views.layout import COLOURS, Grid, text
from runner.report.views.templates import filled

NONE = "The data show no reason."
UNSEEN = "The records show no reason; profiles of both sides would say where the time goes."


def renderable(page: Page) -> RenderableType:
    """The finding, what is missing, the reasons with their layers, the groups, what differs."""
    return Group(*_parts(page))


def _parts(page: Page) -> Iterator[RenderableType]:
    yield text(page.heading, style="bold")
    yield text(page.finding, style=COLOURS.get(page.found.finding.verdict, "bold"))
    for one in (*page.found.notes, *page.missing):
        yield Padding(text(one), (0, 0, 0, 2))
    yield _title(why(page))
    for reason in page.found.reasons:
        yield text(f"- {reason.kind}: {reason.told}")
    if not page.found.reasons:
        yield Padding(text(none(page)), (0, 0, 0, 2))
    yield from _table(page.groups)
    yield from _table(page.differences)


def none(page: Page) -> str:
    """What is said where no reason is found."""
    return NONE if all(side.profile for side in page.found.sides) else UNSEEN


def why(page: Page) -> str:
    """`Why gru int8 onnxruntime is slower`; of two that can't be told apart, what might make it so."""
    told = page.found.finding.told_apart
    return f"Why {page.found.slower.name} {'is' if told else 'might be'} slower"


def _table(section: Section) -> Iterator[RenderableType]:
    if section.rows:
        yield _title(section.title)
        yield Grid(section.columns, section.rows)


def _title(words: str) -> Padding:
    return Padding(text(words, style="bold"), (1, 0, 0, 0))


def html(page: Page) -> str:
    """The whole file's text."""
    asides = [*page.found.notes, *page.missing]
    return filled("explanation.html", page=page, why=why(page), asides=asides, listed=listed, none=none(page))
