"""The pictures of a page as SVG elements: distributions of both sides, and the ratio of each pair.

Colours are classes, which the page's style sheet sets for light, dark and paper; text is text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from runner import foreign
from runner.report.page import Distribution, PairLine
from runner.report.wording import number

WIDTH, LEFT, RIGHT = 760, 72, 16
LABEL, WIDEST = 8, 9.0  # where names begin, and the width of a character of theirs on a narrow screen
RIDGE = 96  # height of one side's distribution
RATIOS = 250  # height of the picture of ratios
Scale = Callable[[float], float]


def distributions(sides: Sequence[Distribution]) -> Element:
    """One ridge a side over a shared axis of latencies: share of iterations, quartiles, median, processes' medians."""
    height = RIDGE * len(sides) + 40
    told = "; ".join(f"{one.label}: median {number(one.quartiles_ms[1])} ms" for one in sides)
    svg = _svg(height, f"Distributions of latency. {told}.")
    edges = sides[0].edges_ms
    x = _log_scale(edges[0], edges[-1])
    most = max(max(one.shares) for one in sides) or 1.0
    base = RIDGE * len(sides) + 6
    for value in ticks(edges[0], edges[-1]):
        _line(svg, x(value), 4, x(value), base, "grid")
        _text(svg, x(value), base + 15, f"{value:g}", "middle")
    _text(svg, WIDTH - RIGHT, base + 31, "latency of one inference, ms (log scale)", "end")
    for row, one in enumerate(sides):
        _ridge(svg, one, x, RIDGE * (row + 1) - 14, most)
    return svg


def _ridge(svg: Element, one: Distribution, x: Scale, base: float, most: float) -> None:
    tall = RIDGE - 38
    steps = [f"M{x(one.edges_ms[0]):.1f},{base:.1f}"]
    for share, low, high in zip(one.shares, one.edges_ms, one.edges_ms[1:], strict=False):
        top = base - tall * share / most
        steps.append(f"L{x(low):.1f},{top:.1f}L{x(high):.1f},{top:.1f}")
    steps.append(f"L{x(one.edges_ms[-1]):.1f},{base:.1f}Z")
    SubElement(svg, "path", {"d": "".join(steps), "class": f"area {one.role}"})
    first, middle, third = one.quartiles_ms
    _line(svg, x(first), base + 5, x(third), base + 5, f"quartiles {one.role}")
    _line(svg, x(middle), base - tall, x(middle), base + 9, f"median {one.role}")
    inside = [value for value in one.medians_ms if one.edges_ms[0] <= value <= one.edges_ms[-1]]
    for value in inside:
        _line(svg, x(value), base + 8, x(value), base + 14, f"process {one.role}")
    beyond = f" · {100 * one.beyond:.1f} % beyond the axis" if one.beyond > 0.0005 else ""
    told = f"{one.label}: median {number(middle)} ms{beyond}"
    _text(svg, LABEL, base - tall - 8, told, "start", f"name {one.role}")


def ratios(pairs: Sequence[PairLine], low: float | None, high: float | None, estimate: float) -> Element:
    """Each pair's speed-up in its order, the estimate with its interval shaded, a line at 1; crosses are flagged."""
    shown = [line for line in pairs if line.ratio is not None]
    marked = sum(bool(line.flags) for line in shown)
    svg = _svg(RATIOS, f"Speed-up in each of {len(shown)} pairs, {marked} of them flagged.")
    values = [line.ratio or 1.0 for line in shown] + [1.0, *(end for end in (low, high) if end)]
    margin = 0.08 * (max(values) - min(values) or 0.01)
    y = _scale(min(values) - margin, max(values) + margin, RATIOS - 40, 12)
    x = _scale(min(line.number for line in shown) - 0.7, max(line.number for line in shown) + 0.7, LEFT, WIDTH - RIGHT)
    if low and high:
        box = {"x": f"{LEFT}", "width": f"{WIDTH - RIGHT - LEFT}", "class": "interval"}
        SubElement(svg, "rect", {**box, "y": f"{y(high):.1f}", "height": f"{max(1.0, y(low) - y(high)):.1f}"})
    _axes(svg, x, y, shown, (min(values), max(values)))
    _line(svg, LEFT, y(1.0), WIDTH - RIGHT, y(1.0), "one")
    _line(svg, LEFT, y(estimate), WIDTH - RIGHT, y(estimate), "estimate")
    for line in shown:
        _point(svg, line, x(line.number), y(line.ratio or 1.0))
    return svg


def _axes(svg: Element, x: Scale, y: Scale, shown: Sequence[PairLine], span: tuple[float, float]) -> None:
    values = ticks(*span)
    digits = _digits(values)
    for value in values:
        _line(svg, LEFT, y(value), WIDTH - RIGHT, y(value), "grid")
        _text(svg, LEFT - 8, y(value) + 4, f"{value:.{digits}f}×", "end")
    every = max(1, math.ceil(len(shown) / 15))
    for line in shown[::every]:
        _text(svg, x(line.number), RATIOS - 22, str(line.number), "middle")
    _text(svg, WIDTH - RIGHT, RATIOS - 6, "pair (fresh processes each)", "end")


def _point(svg: Element, line: PairLine, x: float, y: float) -> None:
    told = f"pair {line.number}: {line.ratio:.3f}×" + "".join(f"; {reason}" for reason in line.flags)
    if line.flags:
        path = f"M{x - 5:.1f},{y - 5:.1f}l10,10M{x - 5:.1f},{y + 5:.1f}l10,-10"
        mark = SubElement(svg, "path", {"d": path, "class": "flagged"})
    else:
        mark = SubElement(svg, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "4.5", "class": "pair"})
    SubElement(mark, "title").text = foreign.line(told)


# --- drawing ---


def ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """About `wanted` round numbers (1, 2 or 5 times a power of ten apart) within [low, high]; 1, 2, 5, 10 … where the
    range is wider than a factor of ten."""
    if low > 0 and high / low > 10:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        every = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
        return [value for value in every if low <= value <= high]
    rough = (high - low) / wanted or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def _digits(values: Iterable[float]) -> int:
    """Decimals that tell all of them apart as they are, two at least."""
    return max((len(f"{value:g}".partition(".")[2]) for value in values), default=2) if values else 2


def _svg(height: int, told: str) -> Element:
    svg = Element("svg", {"viewBox": f"0 0 {WIDTH} {height}", "role": "img", "aria-label": foreign.line(told)})
    SubElement(svg, "title").text = foreign.line(told)
    return svg


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _log_scale(low: float, high: float) -> Scale:
    linear = _scale(math.log(low), math.log(high), LEFT, WIDTH - RIGHT)
    return lambda value: linear(math.log(value))


def _line(svg: Element, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
    ends: dict[str, Any] = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    SubElement(svg, "line", {**{name: f"{value:.1f}" for name, value in ends.items()}, "class": kind})


def _text(svg: Element, x: float, y: float, text: str, anchor: str, kind: str = "label") -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "class": kind}
    if kind.startswith("name") and len(text) * WIDEST > WIDTH - LABEL - RIGHT:
        # A long name is drawn together rather than cut.
        place |= {"textLength": f"{WIDTH - LABEL - RIGHT}", "lengthAdjust": "spacingAndGlyphs"}
    SubElement(svg, "text", place).text = foreign.line(text)
