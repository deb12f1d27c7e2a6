"""Texts of others, made harmless for each kind of output."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from runner.core import foreign_text


@pytest.mark.parametrize(("text", "shown"), [
    ("plain ä 模 [1, 2]", "plain ä 模 [1, 2]"),
    ("\x1b[31mred\x9b0m\x07", "\\x1b[31mred\\x9b0m\\x07"),
    ("a\u202eb\u200bc\ufeff", "a\\u202eb\\u200bc\\ufeff"),
    ("name\r\n  faster\tthan\u2028all", "name faster than all"),
    ("\ud800", "\\ud800"),
    ("x" * 3000, "x" * 1999 + "…"),
])  # fmt: skip
def test_a_line_is_one_visible_line(text: str, shown: str) -> None:
    assert foreign_text.line(text) == shown


def test_a_reason_keeps_its_lines() -> None:
    assert foreign_text.visible("two\nlines\x1b") == "two\nlines\\x1b"


def test_a_tree_is_clean_in_keys_lists_and_values() -> None:
    assert foreign_text.tree({"a\x1b": ["\x07", 1, None, {"b": (True, "\x00")}]}) == {
        "a\\x1b": ["\\x07", 1, None, {"b": [True, "\\x00"]}]
    }


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])
def test_no_text_in_a_csv_is_a_formula(text: str) -> None:
    assert foreign_text.cell(text)[0] == "'"


@pytest.mark.parametrize("text", ["a;=1+1", 'a;"=1', "a; @SUM(A1)", "a;\t-1"])
def test_nor_is_its_part_behind_a_semicolon(text: str) -> None:
    assert foreign_text.cell(text).partition(";")[2].lstrip(' "')[0] == "'"


@pytest.mark.parametrize("value", [-0.5, -3, 0.25, True, "gru", "2026-11-25", "1.43", "a=b", "x-y"])
def test_numbers_and_other_texts_stay_in_a_csv(value: object) -> None:
    assert foreign_text.cell(value) == value


@pytest.mark.parametrize("text", [
    "<img src=x onerror=alert(1)>", "[a](http://evil.example)", "[a] (http://evil.example)", "[a][b]",
    "![p](//e/p.png)", "<http://evil.example>", "`code`", "**faster**", "_faster_", "~~slower~~", "a|b", "\\|",
    "\\[a](b)", "&lt;b&gt;", "[1.2](http://evil.example)", "[1.2] (http://e)", "a\n\n# heading",
    "[a]: http://evil.example", "``` x", "*", "$x$",
])  # fmt: skip
def test_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    rendered = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    shown = foreign_text.markdown(text)
    inline = rendered.parseInline(shown)[0].children or []
    assert {token.type for token in inline} <= {"text", "text_special", "entity"}
    assert "".join(token.content for token in inline).replace("\u2060", "") == foreign_text.line(text)


@pytest.mark.parametrize("text", ["see https://evil.example/x", "WWW.evil.example", "me@evil.example", "@team", "#12"])
def test_markdown_has_no_address_that_is_made_a_link_by_itself(text: str) -> None:
    shown = MarkdownIt().renderInline(foreign_text.markdown(text))
    assert not any(part in shown.lower() for part in ("://", "www.", "@e", "@t", "#1"))


def test_markdown_leaves_our_intervals_and_names_readable() -> None:
    assert foreign_text.markdown("1.43× [1.40, 1.46] int8_dynamic; 95 %") == "1.43× [1.40, 1.46] int8_dynamic; 95 %"


def test_a_long_message_keeps_its_start_and_its_end_in_one_line() -> None:
    shown = foreign_text.brief("Node c3 (Conv):\n" + "x" * 500 + "\n  kernel_shape is missing")
    assert len(shown) == 300
    assert shown.startswith("Node c3 (Conv): xx")
    assert " … x" in shown
    assert shown.endswith("x kernel_shape is missing")


def test_a_short_message_stays_whole() -> None:
    assert foreign_text.brief("bad\n  magic") == "bad magic"
