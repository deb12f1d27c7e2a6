"""Texts of others (names out of models, files, devices and records), made harmless for the place where they stand.

Each output has one function here: `line` for a terminal, HTML and MLflow's values, `cell` for CSV, `markdown` for
Markdown, `tree` for JSON and records.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

LONGEST = 2000  # characters of one text where it is shown; a path may have hundreds
SAID = 300  # of what a library says when it fails
ENDS = re.compile(r"[ \t]*[\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029]+[ \t]*")  # of a line, and what jumps within one
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet computes a cell from
SPLIT = re.compile(r"(;[\s\"]*)(?=[=+@＝＋－＠-])")  # where one that separates columns by ; begins such a cell
INTERVAL = re.compile(r"\[[\d.,e+× %-]+\](?![ \t]*[(\[:])")  # our own [1.40, 1.46]: brackets that can't be a link's
JOINER = "&#8288;"  # nothing to see, but no address, no mention and no number of an issue any more


def visible(text: str) -> str:
    """`text` with every character that would act on a terminal or reorder a line written as its escape: `\\x1b`.

    Line ends and tabs stay: reasons have several lines.
    """
    if text.isprintable():
        return text
    return "".join(one if one in "\n\t" or not _acts(one) else _escape(one) for one in text)


def _acts(one: str) -> bool:
    """Control and format characters, lone surrogates, what no font shows, and separators that end a line."""
    return unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _escape(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")


def line(text: str, longest: int = LONGEST) -> str:
    """`text` as one visible line of at most `longest` characters: nothing in it can pass for a line of ours."""
    shown = text if text.isprintable() else visible(ENDS.sub(" ", text))
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def brief(text: str, longest: int = SAID) -> str:
    """`text` in one line; of a longer one the start, which says what it is about, and the end, which says why."""
    shown, end = " ".join(text.split()), longest // 3
    return shown if len(shown) <= longest else f"{shown[: longest - end - 3]} … {shown[-end:]}"


def tree(value: Any) -> Any:
    """JSON types with every text in them, keys too, made `visible`."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {tree(key): tree(item) for key, item in value.items()}
    return [tree(one) for one in value] if isinstance(value, (list, tuple)) else value


def cell(value: Any) -> Any:
    """A cell of a CSV table: numbers as they are, a text as one line that no spreadsheet takes for a formula."""
    if not isinstance(value, str):
        return value
    shown = SPLIT.sub(r"\1'", line(value))
    return f"'{shown}" if value.startswith(FORMULA) or shown.lstrip().startswith(FORMULA) else shown


def markdown(text: str) -> str:
    """One line of Markdown that shows `text` and no more: no HTML, link, picture, code, emphasis, cell or mention."""
    from html import escape  # a table of 2,000 entities, for tables and notes alone

    shown = re.sub(r"[\\`*|~$!]", r"\\\g<0>", line(text))
    shown = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", shown)
    shown = escape(_without_links(shown), quote=False)
    shown = re.sub(r"[@#](?=\w)", rf"\g<0>{JOINER}", shown)
    shown = re.sub(r":(?=//)", rf":{JOINER}", shown)
    return re.sub(r"\bwww(?=\.)", rf"\g<0>{JOINER}", shown, flags=re.IGNORECASE)


def _without_links(text: str) -> str:
    """Brackets escaped, but those of intervals."""
    parts, end = [], 0
    for found in INTERVAL.finditer(text):
        parts += [_brackets(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, _brackets(text[end:])])


def _brackets(text: str) -> str:
    return re.sub(r"[\[\]]", r"\\\g<0>", text)
