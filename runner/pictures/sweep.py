"""The pictures of a sweep: quality against latency, and every speed-up with its interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.charts import Chart, Dot, Lines, Mark, Text, line
from runner.charts.axes import Scale, even_ticks, levels, log_scale, scale, ticks
from runner.charts.style import SERIES
from runner.results.formatting import cells, number, ratio

WIDTH, LEFT, RIGHT = 960, 72, 24
LABEL = 8  # where names begin
TALL, FOOT = 380, 44  # of quality against latency; what its axis takes below
KEYS, KEY = 4, 18  # names of series a line; its height
NAMES, FIGURES = 390, 230  # what a row's name takes at the left, and its figures at the right
ROW, HEAD = 22, 26  # heights of a row, and of the axis above the rows
MOST = 9  # names on an axis


@dataclass(frozen=True)
class Point:
    """A cell: the median latency in ms with its interval (None where there is none), and its `quality`. `series` is
    told by a colour; `rank` is its number on the Pareto front, 0 of what isn't on it."""

    name: str
    series: str
    ms: float
    low: float | None
    high: float | None
    quality: float
    rank: int


@dataclass(frozen=True)
class SpeedUp:
    """A cell's speed-up with its interval (None where there is none), its verdict, and that in words."""

    name: str
    ratio: float
    low: float | None
    high: float | None
    verdict: str
    worded: str


def quality_against_latency(points: Sequence[Point], quality: str, latency: str, unit: str = "ms") -> Chart:
    """A dot a cell with the interval of its latency; the front is numbered and joined by steps. `quality` and `latency`
    are what the axes are called, `unit` that of the latencies. At least one point; latencies are positive."""
    series = list(dict.fromkeys(point.series for point in points))
    top = KEY * math.ceil(len(series) / KEYS) + 34
    x, named = _across([end for one in points for end in (one.ms, one.low, one.high) if end], LEFT, WIDTH - RIGHT)
    values = [one.quality for one in points]
    y = scale(*_widened(min(values), max(values)), TALL - FOOT, top)
    marks: list[Mark] = [Text(LABEL, 16, quality, "heading"), *_keys(series)]
    marks += levels(even_ticks(min(values), max(values)), y, LEFT, WIDTH - RIGHT)
    marks += _below(x, named, latency)
    marks += _front([one for one in points if one.rank], x, y)
    for one in points:
        marks += _point(one, series.index(one.series) % len(SERIES), x, y, unit)
    marks += _ranks([one for one in points if one.rank], x, y)
    told = f"{cells(len(points))}. On the front: {'; '.join(told_of(one, unit) for one in points if one.rank)}."
    return Chart(WIDTH, TALL, f"{quality} against {latency}", tuple(marks), told)


def told_of(point: Point, unit: str = "ms") -> str:
    """`gru int8 openvino: 0.211 ms, 0.312`."""
    return f"{point.name}: {number(point.ms)} {unit}, {number(point.quality)}"


def _across(values: Sequence[float], start: float, end: float) -> tuple[Scale, list[float]]:
    """A log scale with a little room at both ends, and round numbers on it, far enough apart to be named."""
    low, high = min(values), max(values)
    room = (high / low) ** 0.04 if high > low else 1.05
    every = ticks(low / room, high * room)
    return log_scale(low / room, high * room, start, end), every[:: math.ceil(len(every) / MOST) or 1]


def _widened(low: float, high: float) -> tuple[float, float]:
    room = 0.06 * (high - low)
    return low - room, high + room


def _keys(series: Sequence[str]) -> Iterator[Mark]:
    wide = (WIDTH - LEFT - RIGHT) / KEYS
    for place, name in enumerate(series):
        x, y = LEFT + wide * (place % KEYS), 38 + KEY * (place // KEYS)
        yield Dot(x + 5, y - 4, 5, f"dot s{place % len(SERIES)}")
        yield Text(x + 16, y, name, f"key s{place % len(SERIES)}", room=wide - 24)


def _below(x: Scale, named: Sequence[float], name: str) -> Iterator[Mark]:
    base = TALL - FOOT
    for value in named:
        yield line(x(value), base, x(value), base + 5, "grid")
        yield Text(x(value), base + 18, f"{value:g}", anchor="middle")
    yield Text(WIDTH - RIGHT, TALL - 8, f"{name} (log scale)", anchor="end")


def _front(front: Sequence[Point], x: Scale, y: Scale) -> Iterator[Mark]:
    """Steps: what can be had at a latency is the quality of the last point before it."""
    corners: list[tuple[float, float]] = []
    for one in sorted(front, key=lambda one: one.rank):
        if corners:
            corners.append((x(one.ms), corners[-1][1]))
        corners.append((x(one.ms), y(one.quality)))
    if len(corners) > 1:
        yield Lines((tuple(corners),), "front")


def _point(one: Point, series: int, x: Scale, y: Scale, unit: str) -> Iterator[Mark]:
    if one.low and one.high:
        yield line(x(one.low), y(one.quality), x(one.high), y(one.quality), f"signal s{series}")
    yield Dot(x(one.ms), y(one.quality), 6 if one.rank else 4, f"dot s{series}", told_of(one, unit))


def _ranks(front: Sequence[Point], x: Scale, y: Scale) -> Iterator[Mark]:
    """Numbers beside the front's dots, off their steps; one that would lie on another is left out."""
    placed: list[tuple[float, float]] = []
    for one in sorted(front, key=lambda one: one.rank):
        there = (x(one.ms) + 9, y(one.quality) - 8)
        if all(abs(there[0] - left) > 24 or abs(there[1] - up) > 18 for left, up in placed):
            placed.append(there)
            yield Text(*there, str(one.rank), "rank")


def speedups(groups: Sequence[tuple[str, Sequence[SpeedUp]]]) -> Chart:
    """A forest plot: a row a cell with its interval, below the words of its group, if it has any. At least one row."""
    every = [one for _, rows in groups for one in rows]
    ends = [end for one in every for end in (one.ratio, one.low, one.high) if end]
    x, named = _across([*ends, 1.0], NAMES, WIDTH - FIGURES)
    lines = [one for words, rows in groups for one in ([words] if words else []) + list(rows)]
    base = HEAD + ROW * len(lines)
    marks: list[Mark] = []
    for value in named:
        marks += [line(x(value), HEAD - 6, x(value), base, "grid")]
        marks += [Text(x(value), HEAD - 10, f"{value:g}×", anchor="middle")]
    marks.append(line(x(1.0), HEAD - 6, x(1.0), base, "one"))
    for place, one in enumerate(lines):
        y = HEAD + ROW * place + ROW / 2
        marks += _row(one, x, y) if isinstance(one, SpeedUp) else [_words(one, y)]
    told = ", ".join(f"{count} {verdict}" for verdict, count in Counter(one.verdict for one in every).items())
    return Chart(WIDTH, base + 6, f"Speed-up of {cells(len(every))}, with intervals", tuple(marks), f"{told}.")


def _words(words: str, y: float) -> Mark:
    return Text(LABEL, y + 4, words, "heading", room=WIDTH - 2 * LABEL)


def _row(one: SpeedUp, x: Scale, y: float) -> Iterator[Mark]:
    yield Text(LABEL, y + 4, one.name, "row", room=NAMES - 2 * LABEL)
    if one.low and one.high:
        yield line(x(one.low), y, x(one.high), y, f"span {one.verdict}")
    yield Dot(x(one.ratio), y, 4.5, f"dot {one.verdict}", f"{one.name}: {_figures(one)}")
    yield Text(WIDTH - FIGURES + 10, y + 4, _figures(one), f"name {one.verdict}", room=FIGURES - 10 - LABEL)


def _figures(one: SpeedUp) -> str:
    return f"{ratio(one.ratio, one.low, one.high)} {one.worded}"
