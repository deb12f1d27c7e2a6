"""The answer of a race as one HTML file with its pictures. Nothing from the network; `best.html` is its template."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from runner.charts import Chart, svg
from runner.pictures import sweep
from runner.pictures.sweep import Point, SpeedUp
from runner.report import best_summary
from runner.report.report_model import Section
from runner.report.views.templates import filled
from runner.results import pareto
from runner.results.best_result import Best, BestEstimate, Raced
from runner.results.quality_loss import Loss

DROPPED_BY = "Strokes: the intervals that it drops by."
TIMES = f"Dots: speeds as shares of the fastest's, from the race. {DROPPED_BY} Line: as fast."
ENERGIES = f"Dots: the least energy as a share of theirs, from the race. {DROPPED_BY} Line: as little."
FRONT = "Dots: configurations. Numbered: those that none beats in {} and {}, the {} first."
FIGURES, TOLD = "figures", "told"  # tables of numbers, and of sentences
Sections = list[tuple[str, Section]]
Picture = tuple[str, Markup, str]  # title, drawing, caption


def render(best: Best | BestEstimate) -> str:
    """The whole file's text."""
    left_out = (TOLD, best_summary.left_out(best.left_out))
    if isinstance(best, BestEstimate):
        sections = [(FIGURES, best_summary.reckoned(best)), left_out]
        return _filled(best_summary.reckoned_heading(best), [], [], sections, [])
    return _filled(
        best_summary.heading(best),
        list(best_summary.lines(best)),
        list(_pictures(best)),
        [(FIGURES, best_summary.raced(best)), left_out],
        list(best_summary.following(best)),
    )


def _filled(
    heading: str, lines: list[str], pictures: list[Picture], sections: Sections, typed: list[tuple[str, str]]
) -> str:
    shown = {"heading": heading, "lines": lines, "pictures": pictures, "sections": sections, "typed": typed}
    return filled("best.html", **shown)


def _pictures(best: Best) -> Iterator[Picture]:
    """What there is to draw: who is how fast, and what is to be had for it in quality and in size."""
    timed, by = [one for one in best.raced if one.relative], best_summary.raced_by(best)
    if len(timed) < 2:
        return
    rows = _inline(sweep.speedups([("", [_speed(one) for one in timed])]))
    yield ("Times", rows, TIMES) if by == "time" else ("Energies", rows, ENERGIES)
    metric = next((one.loss.metric for one in timed if one.loss), "")
    fronts = (
        ("quality", f"loss of {metric}, %", [(one, _percent(one.loss)) for one in timed if one.loss]),
        ("size", "file, MB", [(one, one.size_mb) for one in timed]),
    )
    for what, axis, costs in fronts:
        if len({cost for _, cost in costs}) > 1:  # else there is nothing to choose
            yield _front(what, axis, costs, by)


def _front(what: str, axis: str, costs: Sequence[tuple[Raced, float]], by: str) -> Picture:
    """`costs`, of which less is better, against what was raced by."""
    least = "fastest" if by == "time" else "thriftiest"
    drawn = sweep.quality_against_latency(list(_points(costs)), axis, f"{by}, the {least}'s = 1", "×")
    heading = f"{'Loss of quality' if what == 'quality' else 'Size'} against {by}"
    return heading, _inline(drawn), FRONT.format(what, by, least)


def _points(costs: Sequence[tuple[Raced, float]]) -> Iterator[Point]:
    on = pareto.front([(one.relative[0], cost) for one, cost in costs if one.relative])
    ranks = itertools.accumulate(map(int, on))
    for (one, cost), front, rank in zip(costs, on, ranks, strict=True):
        if one.relative:
            yield Point(one.name, _backend(one), *one.relative, cost, rank if front else 0)


def _backend(one: Raced) -> str:
    return next((word.removeprefix("backend=") for word in one.words if word.startswith("backend=")), one.name)


def _speed(one: Raced) -> SpeedUp:
    assert one.relative, "it was timed"
    value, low, high = one.relative
    if low == high:
        return SpeedUp(one.name, 1.0, None, None, "same", "the first")
    return SpeedUp(one.name, 1 / value, 1 / high, 1 / low, *(("same", "tied") if one.tied else ("slower", "")))


def _percent(loss: Loss) -> float:
    return 100 * loss.value / abs(loss.of) if loss.of else loss.value


def _inline(chart: Chart) -> Markup:
    return Markup(svg.inline(chart))
