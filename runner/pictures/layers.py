"""The picture of a profile: of each side a run as a bar, below it the types of layers, below these the layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.charts import Chart, Lines, Mark, Text, box, line
from runner.charts.axes import Scale, even_ticks, scale
from runner.charts.style import SERIES
from runner.results.formatting import number

WIDTH, LEFT, RIGHT = 960, 8, 8
BAR, GAP = 24, 2  # heights of a bar, and between two
HEAD, FOOT = 26, 34  # heights of a side's name, and of the axis
LEAST = 34  # px from which a bar has room for a name
REST = "in no layer"

Side = Mapping[str, Any]
Bar = tuple[str, float, float, str]  # what it is, from where to where in ns, its kind


def layers(found: Mapping[str, Any]) -> Chart:
    """Of what `layers.json` says of a measurement: the candidate, and below it the baseline where it has a profile."""
    baseline = found.get("baseline", {})
    sides = {"candidate": found} | ({"baseline": baseline} if "layers" in baseline else {})
    longest = max(max(side["sum_ns"], side["run_ns"]) for side in sides.values()) or 1.0
    x, kinds = scale(0.0, longest, LEFT, WIDTH - RIGHT), _kinds(sides.values())
    marks: list[Mark] = []
    tall = HEAD + 3 * (BAR + GAP)
    for place, (role, side) in enumerate(sides.items()):
        marks += _side(role, side, x, tall * place, kinds)
    marks += _axis(x, longest, tall * len(sides))
    told = "; ".join(f"{role}: {_told(side)}" for role, side in sides.items())
    return Chart(WIDTH, tall * len(sides) + FOOT, "Time by layer", tuple(marks), told)


def _kinds(sides: Any) -> dict[str, str]:
    """A colour a type, the same on both sides, of the types that take longest the most distinct ones."""
    times: dict[str, float] = {}
    for side in sides:
        for kind, every in by_type(side).items():
            times[kind] = times.get(kind, 0.0) + sum(one["ns"] for one in every)
    ranked = sorted(times, key=lambda kind: -times[kind])
    return {kind: f"box s{place % len(SERIES)}" for place, kind in enumerate(ranked)}


def by_type(side: Side) -> dict[str, list[Mapping[str, Any]]]:
    """The layers of each type, the type that takes longest first, and so within it."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for one in sorted(side["layers"], key=lambda one: -one["ns"]):
        groups.setdefault(one["type"], []).append(one)
    return dict(sorted(groups.items(), key=lambda group: -sum(one["ns"] for one in group[1])))


def _told(side: Side) -> str:
    shares = [f"{kind} {100 * sum(one['share'] for one in every):.0f} %" for kind, every in by_type(side).items()]
    return f"{number(side['run_ns'] / 1e6)} ms under the profiler, of its layers' time {', '.join(shares)}"


def _side(role: str, side: Side, x: Scale, top: float, kinds: Mapping[str, str]) -> Iterator[Mark]:
    said = f"{role}: {number(side['run_ns'] / 1e6)} ms under the profiler, {number(side['sum_ns'] / 1e6)} in its layers"
    measured = f"; {number(side['measured_ns'] / 1e6)} as measured" if side["measured_ns"] else ""
    yield Text(LEFT, top + 18, said + measured, f"name {role}", room=WIDTH - LEFT - RIGHT)
    for row, bars in enumerate(_rows(side, kinds)):
        for bar in bars:
            yield from _bar(bar, x, top + HEAD + row * (BAR + GAP))


def _rows(side: Side, kinds: Mapping[str, str]) -> tuple[list[Bar], ...]:
    """The whole, the types, the layers."""
    whole: list[Bar] = [("all layers", 0.0, side["sum_ns"], "whole")]
    if side["run_ns"] > side["sum_ns"]:
        whole.append((REST, side["sum_ns"], side["run_ns"], "whole"))
    types: list[Bar] = []
    every: list[Bar] = []
    start = 0.0
    for kind, group in by_type(side).items():
        begun = start
        for one in group:
            every.append((one["name"], start, start + one["ns"], kinds[kind]))
            start += one["ns"]
        count = f" ×{len(group)}" if len(group) > 1 else ""
        types.append((f"{kind}{count}", begun, start, kinds[kind]))
    return whole, types, every


def _bar(bar: Bar, x: Scale, top: float) -> Iterator[Mark]:
    name, start, end, kind = bar
    left, right = x(start), x(end)
    told = f"{name}: {number((end - start) / 1e6)} ms"
    area = box(left, top, max(right, left + 0.5), top + BAR, kind)
    yield Lines(area.strokes, kind, closed=True, told=told)
    if right - left >= LEAST:
        yield Text((left + right) / 2, top + BAR - 8, name, "row", "middle", room=right - left - 4)


def _axis(x: Scale, longest: float, top: float) -> Iterator[Mark]:
    values: Sequence[float] = even_ticks(0.0, longest / 1e6, 8)
    for value in values:
        yield line(x(1e6 * value), top, x(1e6 * value), top + 5, "grid")
        yield Text(x(1e6 * value), top + 18, f"{value:g}", anchor="start" if value == 0 else "middle")
    yield Text(WIDTH - RIGHT, top + 32, "ms of a run under the profiler", anchor="end")
