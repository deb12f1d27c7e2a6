"""Charts as SVG: an element within a page, or a file of its own. Text is text, whoever wrote it."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from runner.charts import Chart, Dot, Mark, Point, Text, box
from runner.charts.style import STYLES, on_paper, rules
from runner.core import foreign_text

XMLNS = "http://www.w3.org/2000/svg"
WIDE, BOLD = 0.62, 0.75  # widths of characters, of the size of their text


def element(chart: Chart) -> Element:
    """`<svg>` for a page that has the style sheet (`style.rules`)."""
    title = foreign_text.line(chart.title)
    size = f"0 0 {chart.width:g} {chart.height:g}"
    svg = Element("svg", {"viewBox": size, "role": "img", "aria-label": title})
    SubElement(svg, "title").text = title
    if chart.told:
        SubElement(svg, "desc").text = foreign_text.line(chart.told)
    svg.extend(_element(mark) for mark in chart.marks)
    return svg


def inline(chart: Chart) -> str:
    """The element as text within HTML: every text and attribute is escaped, and every tag is closed."""
    return ElementTree.tostring(element(chart), encoding="unicode", short_empty_elements=False)


def document(chart: Chart) -> bytes:
    """A whole SVG file, on white paper, with nothing in it that acts or comes from elsewhere."""
    svg = element(chart)
    svg.attrib |= {"xmlns": XMLNS, "width": f"{chart.width:g}", "height": f"{chart.height:g}"}
    style = Element("style")
    style.text = rules(on_paper)
    svg[1:1] = [style, _element(box(0, 0, chart.width, chart.height, "paper"))]
    return bytes(ElementTree.tostring(svg, encoding="utf-8")) + b"\n"


def _element(mark: Mark) -> Element:
    if isinstance(mark, Text):
        return _text(mark)
    if isinstance(mark, Dot):
        found = Element("circle", {"cx": _px(mark.x), "cy": _px(mark.y), "r": _px(mark.radius), "class": mark.kind})
    else:
        found = Element("path", {"d": _path(mark.strokes, mark.closed), "class": mark.kind})
    if mark.told:
        SubElement(found, "title").text = foreign_text.line(mark.told)
    return found


def _text(mark: Text) -> Element:
    text = foreign_text.line(mark.text)
    place: dict[str, Any] = {"x": _px(mark.x), "y": _px(mark.y), "text-anchor": mark.anchor, "class": mark.kind}
    style = STYLES[mark.kind]
    if mark.room and len(text) * style.size * (BOLD if style.bold else WIDE) > mark.room:
        place |= {"textLength": f"{mark.room:g}", "lengthAdjust": "spacingAndGlyphs"}
    found = Element("text", place)
    found.text = text
    return found


def _path(strokes: tuple[tuple[Point, ...], ...], closed: bool) -> str:
    end = "Z" if closed else ""
    return "".join("M" + "L".join(f"{_px(x)},{_px(y)}" for x, y in stroke) + end for stroke in strokes)


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
