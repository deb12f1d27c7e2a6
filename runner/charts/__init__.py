"""A picture as data: strokes, areas, dots and texts, which one writer makes SVG of (`svg`) and one PNG (`png`).

Coordinates are in pixels from the top left. A mark's `kind` says what it is; `style` knows what that looks like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

Point = tuple[float, float]


@dataclass(frozen=True)
class Lines:
    """Strokes, each through its points; `closed` makes areas of them. `told` is said of it where one points at it."""

    strokes: tuple[tuple[Point, ...], ...]
    kind: str
    closed: bool = False
    told: str = ""


@dataclass(frozen=True)
class Dot:
    """A disc around a point."""

    x: float
    y: float
    radius: float
    kind: str
    told: str = ""


@dataclass(frozen=True)
class Text:
    """A text on the base line `y`, which begins, has its middle or ends at `x` (`anchor`); `room` is the width that it
    may take: a longer one is drawn together rather than cut."""

    x: float
    y: float
    text: str
    kind: str = "label"
    anchor: str = "start"
    room: float = 0.0


Mark = Lines | Dot | Text


@dataclass(frozen=True)
class Chart:
    """`title` and `told` say what is to be seen, for those who don't see it."""

    width: float
    height: float
    title: str
    marks: tuple[Mark, ...]
    told: str = ""


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Lines:
    """One straight stroke."""
    return Lines((((x1, y1), (x2, y2)),), kind)


def box(left: float, top: float, right: float, bottom: float, kind: str) -> Lines:
    """A filled rectangle."""
    return Lines((((left, top), (right, top), (right, bottom), (left, bottom)),), kind, closed=True)


def stacked(charts: Sequence[Chart], title: str, told: str) -> Chart:
    """One picture of several, one below the other."""
    marks: list[Mark] = []
    top = 0.0
    for chart in charts:
        marks += [_lowered(mark, top) for mark in chart.marks]
        top += chart.height
    return Chart(max(chart.width for chart in charts), top, title, tuple(marks), told)


def _lowered(mark: Mark, by: float) -> Mark:
    if isinstance(mark, Lines):
        return replace(mark, strokes=tuple(tuple((x, y + by) for x, y in stroke) for stroke in mark.strokes))
    return replace(mark, y=mark.y + by)
