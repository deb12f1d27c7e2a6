"""One description of a picture, written as SVG and as PNG."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from runner.charts import Chart, Dot, Lines, Text, axes, box, line, png, stacked, svg
from runner.charts.style import COLOURS, STYLES
from runner.core.errors import Unavailable
from runner.results import picture_files
from runner.results.picture_files import Picture
from tests.without import hide

MARKS = (box(0, 0, 100, 50, "interval"), line(0, 80, 200, 80, "one"), Dot(150, 25, 10, "dot baseline"))
CHART = Chart(200, 100, "A title", MARKS, "What is to be seen")
SPACE = {"s": svg.XMLNS}


def text_of(text: str, room: float = 0.0) -> ElementTree.Element:
    found = svg.element(Chart(200, 100, "", (Text(0, 10, text, room=room),))).find("text")
    assert found is not None
    return found


def pixels(chart: Chart) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png.document(chart))).convert("RGB")).astype(int)


def test_an_svg_file_says_what_it_shows() -> None:
    root = ElementTree.fromstring(svg.document(CHART))
    assert (root.get("role"), root.get("aria-label"), root.get("viewBox")) == ("img", "A title", "0 0 200 100")
    assert [root.findtext(f"s:{name}", namespaces=SPACE) for name in ("title", "desc")] == [
        "A title",
        "What is to be seen",
    ]


def test_an_svg_file_brings_its_colours_along() -> None:
    style = ElementTree.fromstring(svg.document(CHART)).findtext("s:style", namespaces=SPACE)
    assert f"svg .dot.baseline{{fill:{COLOURS['baseline']}}}" in str(style)
    assert "var(" not in str(style)


def test_marks_become_paths_discs_and_texts() -> None:
    root = svg.element(CHART)
    assert [mark.get("d") for mark in root.iter("path")] == ["M0,0L100,0L100,50L0,50Z", "M0,80L200,80"]
    (dot,) = root.iter("circle")
    assert dot.attrib == {"cx": "150", "cy": "25", "r": "10", "class": "dot baseline"}


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a & b", '"><x y="', "$5 \\frac$"])
def test_a_text_is_a_text(text: str) -> None:
    drawn = svg.document(Chart(200, 100, text, (Text(0, 10, text), Dot(1, 1, 1, "pair", text)), text))
    root = ElementTree.fromstring(drawn)
    assert [one.text for one in root.iter() if one.tag.endswith(("}title", "}desc", "}text"))] == [text] * 4
    assert picture_files.fault(Picture("image/svg+xml", drawn)) == ""


def test_only_a_text_that_has_no_room_is_drawn_together() -> None:
    assert text_of("short", room=100).get("textLength") is None
    assert text_of("x" * 40, room=100).get("textLength") == "100"


def test_stacked_charts_lie_below_each_other() -> None:
    both = stacked([CHART, Chart(300, 20, "", (Text(5, 10, "x"), Lines((((0, 1), (2, 3)),), "grid")))], "both", "")
    assert (both.width, both.height) == (300, 120)
    assert both.marks[-2:] == (Text(5, 110, "x"), Lines((((0, 101), (2, 103)),), "grid"))


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.0, 0.0, [0.0]), (0.1, 0.1, []), (0, 100, [0, 20, 40, 60, 80, 100])]
)
def test_round_numbers_of_one_value_and_of_many(low: float, high: float, expected: list[float]) -> None:
    assert axes.even_ticks(low, high) == expected


def test_a_png_has_the_same_colours_at_the_same_places() -> None:
    image = pixels(CHART)
    assert image.shape == (200, 400, 3)
    wanted = {(50, 300): "baseline", (160, 200): "ink"}
    for (row, column), name in wanted.items():
        assert "#{:02x}{:02x}{:02x}".format(*image[row, column]) == COLOURS[name]
    assert (image[150, 50] == 255).all()
    assert not (image[50, 50] == 255).all()


@pytest.mark.parametrize("kind", STYLES)
def test_every_kind_can_be_drawn_as_png(kind: str) -> None:
    style = STYLES[kind]
    closed = bool(style.fill)
    marks = (
        Lines((((0, 0), (200, 0), (200, 100)),), kind, closed=closed),
        *([Text(10, 50, "x×", kind)] if closed else []),
    )
    assert len(np.unique(pixels(Chart(200, 100, "", marks)))) > (kind != "paper")


def test_without_matplotlib_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "matplotlib")
    with pytest.raises(Unavailable, match="pictures as PNG files: matplotlib is not installed here") as told:
        png.document(CHART)
    assert told.value.next_step == "pip install 'edge-runner[plots]', or take the SVG files."
