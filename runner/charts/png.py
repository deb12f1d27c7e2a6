"""Charts as PNG, for where no SVG can stand. Imports matplotlib, which nothing else here needs, inside a function."""

from __future__ import annotations

import io
import os
import warnings
from typing import TYPE_CHECKING, Any, Literal

from runner.charts import Chart, Dot, Lines, Mark, Text
from runner.charts.style import STYLES, Style, on_paper
from runner.core import extras
from runner.core.foreign_text import line
from runner.worker import receiver

if TYPE_CHECKING:
    from matplotlib.artist import Artist

INCH = 96  # px, as a browser has it
SHARP = 2  # pixels of the file for one of the chart
POINT = 72 / INCH  # a px in matplotlib's unit of widths and texts
ANCHORS: dict[str, Literal["left", "center", "right"]] = {"start": "left", "middle": "center", "end": "right"}


def document(chart: Chart) -> bytes:
    """A whole PNG file, twice as many pixels as the chart has. Raises Unavailable without matplotlib."""
    # Its list of fonts goes where ours go, and no settings of the user's change what a picture looks like.
    os.environ["MPLCONFIGDIR"] = str(receiver.home() / "matplotlib")
    extras.demand("pictures as PNG files", ("matplotlib",), ", or take the SVG files.")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(chart.width / INCH, chart.height / INCH))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), frameon=False, xlim=(0, chart.width), ylim=(chart.height, 0))
    axes.set_axis_off()
    for place, mark in enumerate(chart.marks):
        for artist in _artists(mark):
            artist.set_zorder(place)
            axes.add_artist(artist)
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box stands for it
        figure.savefig(out, dpi=INCH * SHARP, format="png", metadata={"Software": None})
    return out.getvalue()


def _artists(mark: Mark) -> list[Artist]:
    style = STYLES[mark.kind]
    if isinstance(mark, Text):
        return [_text(mark, style)]
    if isinstance(mark, Dot):
        from matplotlib.patches import Circle

        return [Circle((mark.x, mark.y), mark.radius, **_filled(style))]
    return _lines(mark, style)


def _lines(mark: Lines, style: Style) -> list[Artist]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Polygon

    if mark.closed:
        return [Polygon(stroke, closed=True, **_filled(style)) for stroke in mark.strokes]
    dash = (0, [length / style.width for length in style.dash]) if style.dash else "solid"
    look: dict[str, Any] = {"color": on_paper(style.stroke), "linewidth": style.width * POINT, "alpha": style.opacity}
    look |= {"linestyle": dash, "solid_capstyle": "butt"}
    return [Line2D([x for x, _ in stroke], [y for _, y in stroke], **look) for stroke in mark.strokes]


def _filled(style: Style) -> dict[str, Any]:
    from matplotlib.colors import to_rgba

    edge: dict[str, Any] = {"edgecolor": on_paper(style.stroke)} if style.stroke else {"linewidth": 0}
    return {"linewidth": style.width * POINT, "facecolor": to_rgba(on_paper(style.fill), style.opacity), **edge}


def _text(mark: Text, style: Style) -> Artist:
    from matplotlib.text import Text as Drawn

    text = line(mark.text)
    size = min(style.size, mark.room / (0.6 * len(text))) if mark.room and text else style.size
    return Drawn(
        mark.x,
        mark.y,
        text,
        color=on_paper(style.fill),
        horizontalalignment=ANCHORS[mark.anchor],
        verticalalignment="baseline",
        fontsize=size * POINT,
        fontweight="bold" if style.bold else "normal",
        parse_math=False,
    )
