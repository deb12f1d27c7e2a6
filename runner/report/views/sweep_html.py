"""A sweep's page as one HTML file: pictures, the table, what was not measured, conditions. Nothing from the network.

`sweep.html` is its template. Imported where a file is asked for.
"""

from __future__ import annotations

from markupsafe import Markup

from runner.charts import Chart, svg
from runner.pictures import sweep
from runner.report.sweep_page import SweepPage
from runner.report.views import table
from runner.report.views.templates import filled

FOLDED = ("What ran",)
FRONT = (
    "Dots: cells. Strokes: intervals of the latency. Numbered and joined by dashes: those that none beats in both, "
    "here below, the fastest first."
)
SPEEDUPS = "Dots: speed-ups. Strokes: intervals. Line: equal. Of each group of the table, in its order."


def render(page: SweepPage) -> str:
    """The whole file's text."""
    drawn = [sweep.quality_against_latency(one.points, one.quality, one.latency) for one in page.pictures]
    return filled(
        "sweep.html",
        page=page,
        recommended=table.recommendations(page.comparison),
        heading=table.heading(page.comparison),
        pictures=list(zip(page.pictures, map(_inline, drawn), strict=True)),
        told_of=sweep.told_of,
        front=FRONT,
        forest=_inline(sweep.speedups(page.speedups)) if page.speedups else None,
        speedups=SPEEDUPS,
        measured=table.sections(page.comparison),
        folded=FOLDED,
    )


def _inline(chart: Chart) -> Markup:
    return Markup(svg.inline(chart))
