"""A question and what the records say to it, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding

from runner.report.three_answers import Answer
from runner.report.views.layout import text


def renderable(answer: Answer) -> RenderableType:
    """The question, and a line for each thing that answers it."""
    lines = [Padding(text(f"- {one}"), (0, 0, 0, 2)) for one in answer.lines or ("nothing that the records show",)]
    return Group(text(answer.question, style="bold"), *lines)
