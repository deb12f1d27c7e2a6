"""What was built for a record, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding

from runner.report.report_model import Section
from runner.report.views.layout import Grid, text


def renderable(heading: str, sections: Iterable[Section]) -> RenderableType:
    """A table a step, below what it is all for."""
    shown: list[RenderableType] = [text(heading, style="bold")]
    for section in sections:
        shown += [Padding(text(section.title, style="bold"), (1, 0, 0, 0)), Grid(section.columns, section.rows)]
    return Group(*shown)
