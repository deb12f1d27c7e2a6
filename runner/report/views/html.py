"""A page as one HTML file: nothing from the network, light and dark, good on paper.

`page.html` is its template. Imported where a file is asked for.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from markupsafe import Markup

from runner.charts import svg
from runner.pictures import comparison, layers
from runner.pictures.processes import PairLine, counted
from runner.report.report_model import EFFECTIVE, KEYS, LAYERS, OF_LAYERS, SETTINGS, TELEMETRY, Page, Section
from runner.report.views.templates import filled
from runner.results.formatting import against, number, ratio, worded
from runner.results.picture_files import Picture

FOLDED = (EFFECTIVE, KEYS, LAYERS, SETTINGS, TELEMETRY, *OF_LAYERS.values())
DISTRIBUTIONS = (
    "Area: share of iterations. Line: median. Bar: quartiles. Ticks below: the medians of the processes, which are the "
    "replicates."
)
RATIOS = (
    "Dots: pairs of fresh processes. Crosses: flagged pairs. Band: the interval. Dashes: the estimate. Line: equal."
)

WHERE = (
    "Of each side a run under its runtime's profiler: all of it, below it the types of layers, below these the layers. "
    "Widths are times, on one scale."
)

Figure = tuple[str, Markup, str]  # title, `<svg>`, caption


def render(page: Page) -> str:
    """The whole file's text."""
    return filled(
        "page.html",
        page=page,
        finding=_finding(page),
        asides=[*filter(None, [page.result.next_step, page.stopped]), *page.asides],
        figures=list(_figures(page)),
        folded=FOLDED,
        pairs=_pairs(page.pairs),
        pictures={caption: _source(one) for caption, one in page.pictures.items()},
    )


def _finding(page: Page) -> dict[str, str]:
    """Of a comparison its number, interval and verdict, each for a place of its own; the status of what has none."""
    result, compared = page.result, page.result.comparison
    if compared is None:
        return {"kind": result.status, "verdict": result.status, "told": page.finding}
    value, _, interval = ratio(compared.ratio, compared.low, compared.high).partition(" ")
    return {
        "ratio": value,
        "interval": interval or "no interval: too few pairs",
        "kind": compared.verdict,
        "verdict": worded(compared.verdict, compared.correction),
        "told": against(result, compared),
    }


def _figures(page: Page) -> Iterator[Figure]:
    if page.distributions:
        drawn = svg.inline(comparison.distributions(page.distributions))
        told = f"{counted(page.distributions).capitalize()}; every one is in samples.npz."
        yield "How long an inference took", Markup(drawn), f"{DISTRIBUTIONS} {told}"
    compared = page.result.comparison
    if compared and any(line.ratio for line in page.pairs):
        drawn = svg.inline(comparison.ratios(page.pairs, compared.low, compared.high, compared.ratio))
        yield "Speed-up in each pair", Markup(drawn), RATIOS
    yield from _of_layers(page.layers)


def _of_layers(found: Mapping[str, Any]) -> Iterator[Figure]:
    if "measured_ns" in found:
        yield "Where the time goes", Markup(svg.inline(layers.layers(found))), WHERE


def _source(picture: Picture) -> Markup:
    """A picture inside the file: pages take nothing from elsewhere."""
    return Markup("data:{};base64,{}").format(picture.media, base64.b64encode(picture.data).decode())


def _pairs(pairs: Iterable[PairLine]) -> Section:
    columns = ("pair", "candidate, median ms", "baseline, median ms", "speed-up", "flagged")
    return Section("Pairs", columns, tuple(_pair(line) for line in pairs))


def _pair(line: PairLine) -> tuple[str, ...]:
    theirs = "–" if line.baseline_ms is None else number(line.baseline_ms, 4)
    return str(line.number), number(line.candidate_ms, 4), theirs, line.speedup, "; ".join(line.flags)
