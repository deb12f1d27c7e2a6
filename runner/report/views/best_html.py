"""The answer of a race as one HTML file with its pictures. Nothing from the network; `best.html` is its template."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from runner.charts import Chart, svg
from runner.pictures import sweep
from runner.pictures.sweep import Point, SpeedUp
from runner.report import best_summary
from runner.report.report_model import Section
from runner.report.views.templates import filled
from runner.results.best_result import Best, BestEstimate, Raced
from runner.results.quality_loss import Loss

TIMES = (
    "Dots: speeds as shares of the fastest's, from the race. Strokes: the intervals that it drops by. Line: as fast."
)
FRONT = "Dots: configurations. Numbered: those that none beats in quality, time and size, the fastest first."
Picture = tuple[str, Markup, str]  # title, drawing, caption
AXIS = "time, the fastest's = 1"


def render(best: Best | BestEstimate) -> str:
    """The whole file's text."""
    if isinstance(best, BestEstimate):
        heading = f"{best.reckoned[0].name}: the least estimated latency; nothing was measured"
        return _filled(heading, [], [], [best_summary.reckoned(best), best_summary.left_out(best.left_out)], [])
    sections = [best_summary.raced(best), best_summary.left_out(best.left_out)]
    return _filled(
        best_summary.heading(best),
        list(best_summary.lines(best)),
        list(_pictures(best)),
        sections,
        list(best_summary.following(best)),
    )


def _filled(
    heading: str, lines: list[str], pictures: list[Picture], sections: list[Section], typed: list[tuple[str, str]]
) -> str:
    shown = {"heading": heading, "lines": lines, "pictures": pictures, "sections": sections, "typed": typed}
    return filled("best.html", **shown)


def _pictures(best: Best) -> Iterator[Picture]:
    """What there is to draw."""
    timed = [one for one in best.raced if one.relative]
    if len(timed) > 1:
        yield "Times", _inline(sweep.speedups([("", [_speed(one) for one in timed])])), TIMES
    points = list(_points(timed))
    if len(points) > 1:
        metric = next(one.loss.metric for one in timed if one.loss)
        drawn = sweep.quality_against_latency(points, f"loss of {metric}, %", AXIS, "×")
        yield "Loss of quality against time", _inline(drawn), FRONT


def _speed(one: Raced) -> SpeedUp:
    assert one.relative, "it was timed"
    value, low, high = one.relative
    verdict = "same" if one.tied else "slower"
    return SpeedUp(one.name, 1 / value, 1 / high, 1 / low, verdict, "tied" if one.tied else "")


def _points(timed: list[Raced]) -> Iterator[Point]:
    rank = 0
    for one in timed:
        if one.loss and one.relative:
            rank += one.pareto
            series = one.name.partition(" ")[0]
            yield Point(one.name, series, *one.relative, _percent(one.loss), rank if one.pareto else 0)


def _percent(loss: Loss) -> float:
    return 100 * loss.value / abs(loss.of) if loss.of else loss.value


def _inline(chart: Chart) -> Markup:
    return Markup(svg.inline(chart))
