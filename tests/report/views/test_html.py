import base64
import copy
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from runner.charts import axes, svg
from runner.pictures import comparison, record_pictures
from runner.report import report_model
from runner.report.views import html
from tests.report import fixtures, pages

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


def rendered(root: Path, content: dict[str, Any]) -> str:
    return html.render(report_model.collect(pages.write(root, content)))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(text)
    return parser.seen


def test_nothing_comes_from_the_network(tmp_path: Path) -> None:
    text = rendered(tmp_path, pages.content())
    assert not [tag for tag, _ in tags(text) if tag in ("script", "link", "iframe", "object")]
    assert not [name for _, found in tags(text) for name in found if name in ("href", "onload", "style")]
    assert "default-src 'none'" in text


def test_the_pictures_beside_a_record_are_inside_the_file(tmp_path: Path) -> None:
    record = pages.write(tmp_path, pages.content())
    (file,) = record_pictures.write({"latency": record_pictures.of_record(record)["latency"]}, record.folder).values()
    shown = [found for tag, found in tags(html.render(report_model.collect(record))) if tag == "img"]
    source = f"data:image/svg+xml;base64,{base64.b64encode(file.read_bytes()).decode()}"
    assert shown == [{"alt": "Latency in each process", "src": source}]


def test_the_pictures_beside_an_older_record_are_shown(tmp_path: Path) -> None:
    record = pages.write(tmp_path, pages.content())
    (record.folder / "system_profile_graph.png").write_bytes(PIXEL)
    (record.folder / "latency.png").write_bytes(b"no picture")
    shown = [found for tag, found in tags(html.render(report_model.collect(record))) if tag == "img"]
    source = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
    assert shown == [{"alt": "The machine while it was measured", "src": source}]


def test_what_the_network_could_serve_is_not_asked_for(tmp_path: Path) -> None:
    text = rendered(tmp_path, pages.content())
    assert "http" not in text.replace("http-equiv", "")


def test_light_dark_and_paper(tmp_path: Path) -> None:
    text = rendered(tmp_path, pages.content())
    assert '<meta name="color-scheme" content="light dark">' in text
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media print" in text


EVIL = "<script>alert(1)</script>\"'&"


def test_whatever_a_record_holds_is_text(tmp_path: Path) -> None:
    content = copy.deepcopy(
        pages.content(
            warnings=[EVIL], unavailable={EVIL: EVIL}, checks={EVIL: {EVIL: {"status": EVIL, "reason": EVIL}}}
        )
    )
    content["comparison"]["baseline"]["label"] = EVIL
    content["conditions"]["pairs"] = pages.by_pair(EVIL)
    content["comparison"]["without_flagged"]["flagged"] = [{"pair": 4, "reasons": [EVIL]}]
    content["spec"]["model"]["name"] = EVIL
    content["environment"]["hardware"]["cpu"] = EVIL
    text = rendered(tmp_path, content)
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 8
    names = {name for _, found in tags(text) for name in found}
    assert not [name for name in names if "alert" in name or "script" in name]


@pytest.mark.parametrize("text", ["cost $body $5", "{{ 7 * 7 }} {% raw %} {# not seen #}"])
def test_what_means_something_in_a_template_is_text_in_a_name(text: str, tmp_path: Path) -> None:
    assert text in rendered(tmp_path, pages.content(warnings=[text]))


def test_the_head_says_number_interval_verdict_and_against_what(tmp_path: Path) -> None:
    text = rendered(tmp_path, pages.content())
    head = re.sub(r"<[^>]+>", "|", text[text.index("<header>") : text.index("</header>")])
    assert [part for part in head.split("|") if part.strip()][:5] == [
        "bilstm int8_dynamic onnxruntime · data co2 · hardware local · 2026-11-21 09:46 UTC",
        "1.02×",
        "[0.98, 1.06]",
        "ambiguous",
        "as fast as onnxruntime fp32 (paired, 8 pairs, stopped by budget)",
    ]


def test_a_run_without_a_measurement_has_a_page_without_pictures(tmp_path: Path) -> None:
    content = fixtures.not_measured(pages.ID, fixtures.spec(), "unavailable", "no tvm.", "pip install it.")
    text = html.render(report_model.collect(fixtures.write(tmp_path, content)))
    assert "<svg" not in text
    assert "unavailable: no tvm." in text
    assert "pip install it." in text


def drawn(root: Path) -> tuple[report_model.Page, Element]:
    found = report_model.collect(pages.write(root, pages.content()))
    return found, svg.element(comparison.ratios(found.pairs, 0.98, 1.06, 1.02))


def test_each_pair_is_a_dot_and_each_flagged_one_a_cross_with_its_reason(tmp_path: Path) -> None:
    _, element = drawn(tmp_path)
    kinds = [mark.get("class") for mark in element.iter() if mark.get("class") in ("pair", "flagged")]
    assert (kinds.count("pair"), kinds.count("flagged")) == (7, 1)
    told = [mark.findtext("title") for mark in element.iter("path") if mark.get("class") == "flagged"]
    assert told == ["pair 4: 1.400×; other processes kept 1.7 CPUs busy, 0.0 in the median pair"]
    assert element.get("aria-label") == "Speed-up in each of 8 pairs, 1 of them flagged."


def test_all_that_is_drawn_lies_inside_the_picture(tmp_path: Path) -> None:
    found, element = drawn(tmp_path)
    for one in (element, svg.element(comparison.distributions(found.distributions))):
        width, height = map(float, str(one.get("viewBox")).split()[2:])
        for mark in one.iter():
            xs = [float(mark.get(name, 0)) for name in ("x", "x1", "x2", "cx")]
            ys = [float(mark.get(name, 0)) for name in ("y", "y1", "y2", "cy")]
            assert all(0 <= x <= width for x in xs)
            assert all(0 <= y <= height for y in ys)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.98, 1.06, [0.98, 1.0, 1.02, 1.04, 1.06]),
        (0.0267, 0.0301, [0.027, 0.028, 0.029, 0.03]),
        (0.5, 60, [0.5, 1, 2, 5, 10, 20, 50]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert axes.ticks(low, high) == expected


def test_a_long_name_is_drawn_together_and_stays_inside(tmp_path: Path) -> None:
    content = pages.content()
    content["comparison"]["baseline"]["spec"]["backend"]["name"] = "onnxruntime " * 8
    found = report_model.collect(pages.write(tmp_path, content))
    element = svg.element(comparison.distributions(found.distributions))
    names = [text for text in element.iter("text") if "name" in str(text.get("class"))]
    assert [text.get("textLength") for text in names] == [None, "736"]
