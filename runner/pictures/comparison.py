"""The pictures of a page: distributions of both sides, and the ratio of each pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.charts import Chart, Dot, Lines, Mark, Text, box, line
from runner.charts.axes import Scale, levels, log_scale, numbered, scale, ticks
from runner.pictures.processes import Distribution, PairLine
from runner.results.formatting import number

WIDTH, LEFT, RIGHT = 760, 72, 16
LABEL = 8  # where names begin
RIDGE = 96  # height of one side's distribution
RATIOS = 250  # height of the picture of ratios


def distributions(sides: Sequence[Distribution]) -> Chart:
    """One ridge a side over a shared axis of latencies: share of iterations, quartiles, median, processes' medians."""
    told = "; ".join(f"{one.label}: median {number(one.quartiles_ms[1])} ms" for one in sides)
    edges = sides[0].edges_ms
    x = log_scale(edges[0], edges[-1], LEFT, WIDTH - RIGHT)
    most = max(max(one.shares) for one in sides) or 1.0
    base = RIDGE * len(sides) + 6
    marks: list[Mark] = []
    for value in ticks(edges[0], edges[-1]):
        marks += [line(x(value), 4, x(value), base, "grid"), Text(x(value), base + 15, f"{value:g}", anchor="middle")]
    marks.append(Text(WIDTH - RIGHT, base + 31, "latency of one inference, ms (log scale)", anchor="end"))
    for row, one in enumerate(sides):
        marks += _ridge(one, x, RIDGE * (row + 1) - 14, most)
    return Chart(WIDTH, RIDGE * len(sides) + 40, f"Distributions of latency. {told}.", tuple(marks))


def _ridge(one: Distribution, x: Scale, base: float, most: float) -> Iterator[Mark]:
    tall = RIDGE - 38
    outline = [(x(one.edges_ms[0]), base)]
    for share, low, high in zip(one.shares, one.edges_ms, one.edges_ms[1:], strict=False):
        top = base - tall * share / most
        outline += [(x(low), top), (x(high), top)]
    outline.append((x(one.edges_ms[-1]), base))
    yield Lines((tuple(outline),), f"area {one.role}", closed=True)
    first, middle, third = one.quartiles_ms
    yield line(x(first), base + 5, x(third), base + 5, f"quartiles {one.role}")
    yield line(x(middle), base - tall, x(middle), base + 9, f"median {one.role}")
    inside = [value for value in one.medians_ms if one.edges_ms[0] <= value <= one.edges_ms[-1]]
    if inside:
        ends = tuple(((x(value), base + 8), (x(value), base + 14)) for value in inside)
        yield Lines(ends, f"process {one.role}")
    beyond = f" · {100 * one.beyond:.1f} % beyond the axis" if one.beyond > 0.0005 else ""
    told = f"{one.label}: median {number(middle)} ms{beyond}"
    yield Text(LABEL, base - tall - 8, told, f"name {one.role}", room=WIDTH - LABEL - RIGHT)


def ratios(pairs: Sequence[PairLine], low: float | None, high: float | None, estimate: float) -> Chart:
    """Each pair's speed-up in its order, the estimate with its interval shaded, a line at 1; crosses are flagged."""
    shown = [(one, one.ratio) for one in pairs if one.ratio is not None]
    values = [ratio for _, ratio in shown] + [1.0, *(end for end in (low, high) if end)]
    margin = 0.08 * (max(values) - min(values) or 0.01)
    y = scale(min(values) - margin, max(values) + margin, RATIOS - 40, 12)
    x = scale(min(one.number for one, _ in shown) - 0.7, max(one.number for one, _ in shown) + 0.7, LEFT, WIDTH - RIGHT)
    marks: list[Mark] = []
    if low and high:
        marks.append(box(LEFT, min(y(high), y(low) - 1), WIDTH - RIGHT, y(low), "interval"))
    marks += levels(ticks(min(values), max(values)), y, LEFT, WIDTH - RIGHT, "×")
    marks += numbered([one.number for one, _ in shown], x, RATIOS - 22)
    marks.append(Text(WIDTH - RIGHT, RATIOS - 6, "pair (fresh processes each)", anchor="end"))
    marks.append(line(LEFT, y(1.0), WIDTH - RIGHT, y(1.0), "one"))
    marks.append(line(LEFT, y(estimate), WIDTH - RIGHT, y(estimate), "estimate"))
    marks += [_point(one, x(one.number), y(ratio)) for one, ratio in shown]
    told = f"Speed-up in each of {len(shown)} pairs, {sum(bool(one.flags) for one, _ in shown)} of them flagged."
    return Chart(WIDTH, RATIOS, told, tuple(marks))


def _point(one: PairLine, x: float, y: float) -> Mark:
    told = f"pair {one.number}: {one.ratio:.3f}×" + "".join(f"; {reason}" for reason in one.flags)
    if not one.flags:
        return Dot(x, y, 4.5, "pair", told)
    return Lines((((x - 5, y - 5), (x + 5, y + 5)), ((x - 5, y + 5), (x + 5, y - 5))), "flagged", told=told)
