"""A page as one HTML file: nothing from the network, light and dark, good on paper.

Built as a tree, which escapes every text and attribute when it is written; the shell is `page.html`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from runner.charts import style, svg
from runner.core.foreign_text import line
from runner.pictures import comparison
from runner.pictures.processes import PairLine
from runner.report.report_model import EFFECTIVE, KEYS, LAYERS, SETTINGS, TELEMETRY, Page, Section
from runner.results.formatting import against, number, ratio, worded
from runner.results.picture_files import Picture

SHELL = Path(__file__).with_name("page.html")
FEW = 30  # pairs whose table stands open
FOLDED = (EFFECTIVE, KEYS, LAYERS, SETTINGS, TELEMETRY)


def render(page: Page) -> str:
    """The whole file's text."""
    body = Element("main")
    body.extend(part for part in _parts(page))
    title = escape(line(f"{page.heading} · {page.finding}"))
    shell = Template(SHELL.read_text(encoding="utf-8"))
    # As XML, which escapes "<" in attributes too; none of our elements is one that HTML never closes.
    written = ElementTree.tostring(body, encoding="unicode", short_empty_elements=False)
    return shell.substitute(title=title, pictures=style.rules(style.on_page), body=written)


def _parts(page: Page) -> Iterable[Element]:
    yield _head(page)
    yield from _list("Warnings", page.warnings, "warnings")
    if page.distributions:
        drawn = svg.element(comparison.distributions(page.distributions))
        yield _figure("How long an inference took", drawn, f"{_DISTRIBUTIONS} {_counted(page)}")
    compared = page.result.comparison
    if compared and any(line.ratio for line in page.pairs):
        drawn = svg.element(comparison.ratios(page.pairs, compared.low, compared.high, compared.ratio))
        yield _figure("Speed-up in each pair", drawn, _RATIOS)
    yield from _list("To be surer", page.surer, "surer")
    for section in page.sections:
        yield _section(section)
    yield from _list("Not measured", page.absent, "absent")
    if page.pairs:
        yield _folded("Pairs", _table(_pairs(page.pairs)), is_open=len(page.pairs) <= FEW)
    for caption, one in page.pictures.items():
        yield _folded(caption, _el("figure", _image(caption, one)), is_open=False)


def _counted(page: Page) -> str:
    sides = [f"{one.role} {one.iterations} iterations in {len(one.medians_ms)} processes" for one in page.distributions]
    return f"{'; '.join(sides).capitalize()}; every one is in samples.npz."


_DISTRIBUTIONS = (
    "Area: share of iterations. Line: median. Bar: quartiles. Ticks below: the medians of the processes, which are the "
    "replicates."
)
_RATIOS = (
    "Dots: pairs of fresh processes. Crosses: flagged pairs. Band: the interval. Dashes: the estimate. Line: equal."
)


def _head(page: Page) -> Element:
    result, compared = page.result, page.result.comparison
    head = _el("header", _el("p", page.heading, kind="heading"))
    if compared:
        verdict = worded(compared.verdict, compared.correction)
        value, _, interval = ratio(compared.ratio, compared.low, compared.high).partition(" ")
        head.append(
            _el(
                "h1",
                _el("span", value, kind="ratio"),
                _el("span", interval or "no interval: too few pairs", kind="range"),
                _el("span", verdict, kind=f"verdict {compared.verdict}"),
            )
        )
    else:
        head.append(_el("h1", _el("span", result.status, kind=f"verdict {result.status}")))
    # The number and the verdict stand above already.
    head.append(_el("p", against(result, compared) if compared else page.finding, kind="finding"))
    told = (*filter(None, [result.next_step, page.stopped]), *page.asides)
    head.extend(_el("p", text, kind="aside") for text in told)
    return head


def _image(caption: str, picture: Picture) -> Element:
    """A picture inside the file: pages take nothing from elsewhere."""
    data = base64.b64encode(picture.data).decode()
    return Element("img", {"alt": line(caption), "src": f"data:{picture.media};base64,{data}"})


def _list(title: str, lines: Iterable[str], kind: str) -> Iterable[Element]:
    items = [_el("li", line) for line in lines]
    if items:
        yield _el("section", _el("h2", title), _el("ul", *items), kind=kind)


def _figure(title: str, drawn: Element, caption: str) -> Element:
    return _el("section", _el("h2", title), _el("figure", drawn, _el("figcaption", caption)))


def _section(section: Section) -> Element:
    if section.title in FOLDED:
        return _folded(section.title, _table(section), is_open=False)
    return _el("section", _el("h2", section.title), _table(section))


def _folded(title: str, inside: Element, is_open: bool) -> Element:
    details = _el("details", _el("summary", _el("h2", title)), inside)
    if is_open:
        details.set("open", "")
    return details


def _table(section: Section) -> Element:
    head = [_el("tr", *(_el("th", name) for name in section.columns))] if any(section.columns) else []
    rows = [_el("tr", _el("th", row[0]), *(_el("td", cell) for cell in row[1:])) for row in section.rows]
    return _el("div", _el("table", *([_el("thead", *head)] if head else []), _el("tbody", *rows)), kind="scroll")


def _pairs(pairs: Iterable[PairLine]) -> Section:
    columns = ("pair", "candidate, median ms", "baseline, median ms", "speed-up", "flagged")
    return Section("Pairs", columns, tuple(_pair(line) for line in pairs))


def _pair(line: PairLine) -> tuple[str, ...]:
    theirs = "–" if line.baseline_ms is None else number(line.baseline_ms, 4)
    ratio = "–" if line.ratio is None else f"{line.ratio:.3f}×"
    return str(line.number), number(line.candidate_ms, 4), theirs, ratio, "; ".join(line.flags)


def _el(tag: str, *children: Element | str, kind: str = "") -> Element:
    made = Element(tag, {"class": line(kind)} if kind else {})
    for child in children:
        if isinstance(child, str):
            made.text = (made.text or "") + line(child)
        else:
            made.append(child)
    return made
