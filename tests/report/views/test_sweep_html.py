"""A sweep's page as a file: whole, harmless, and told to those who don't see its pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.report import sweep_page
from runner.report.views import sweep_html, table
from tests.report import sweeps
from tests.report.fixtures import not_measured, spec
from tests.report.views.test_html import EVIL, tags


@pytest.fixture
def text(tmp_path: Path) -> str:
    return sweep_html.render(sweep_page.collect(sweeps.write(tmp_path)))


def test_nothing_comes_from_the_network_and_nothing_acts(text: str) -> None:
    assert not [tag for tag, _ in tags(text) if tag in ("script", "link", "iframe", "object", "img", "a")]
    assert not [name for _, found in tags(text) for name in found if name in ("href", "src", "onload", "style")]
    assert "http" not in text.replace("http-equiv", "")


def test_pictures_have_names_for_a_screen_reader(text: str) -> None:
    pictures = [found for tag, found in tags(text) if tag == "svg"]
    assert [(one["role"], one["aria-label"]) for one in pictures] == [
        ("img", "mae, ppm (less is better) against latency of an inference, p50 ms"),
        ("img", "Speed-up of 3 cells, with intervals"),
    ]
    for one in pictures:
        assert f"<title>{one['aria-label']}</title>" in text


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(text: str) -> None:
    scrolled = [found for _, found in tags(text) if found.get("class") == "scroll"]
    assert len(scrolled) > 5
    assert all((one["tabindex"], one["role"]) == ("0", "group") and one["aria-label"] for one in scrolled)


def test_every_cell_of_the_table_is_there(text: str, tmp_path: Path) -> None:
    for section in table.sections(sweeps.write(tmp_path / "again")):
        assert all(f">{cell}<" in text for row in section.rows for cell in row)
    for told in ("unavailable", "no tvm.", "pip install tvm", "failed", "it broke.", "See its log."):
        assert f"<td>{told}</td>" in text


def test_whatever_records_hold_is_text(tmp_path: Path) -> None:
    contents = sweeps.content()
    contents[1] |= {"warnings": [EVIL], "sweep": sweeps.NAME}
    contents[2]["spec"]["model"]["name"] = EVIL
    contents[4] |= {"reason": EVIL, "next_step": EVIL}
    text = sweep_html.render(sweep_page.collect(sweeps.write(tmp_path, contents)))
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 5


def test_a_sweep_of_which_nothing_was_measured_has_a_page_without_pictures(tmp_path: Path) -> None:
    failed = not_measured("20261121T091000-00000010", spec(), "failed", "it broke.", "See its log.")
    text = sweep_html.render(sweep_page.collect(sweeps.write(tmp_path, [{**failed, "sweep": sweeps.NAME}])))
    assert "<svg" not in text
    assert "<h1>1 cell: 1 failed</h1>" in text
