"""Columns of numbers as people write them: decimal points or commas, thousands apart. Standard library only."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from runner.errors import BadFile

MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
PLAIN = re.compile(r"-?\d{1,12}(\.\d*)?")
INFINITE = r"[+-]?inf(inity)?"
DECIMALS = {".": ".", "point": ".", ",": ",", "comma": ","}
SPACES = "[ '\u2019\u00a0\u2009\u202f]"  # between thousands: no other meaning
LARGEST = 1e37  # float32 holds 3.4e38, and differences are taken


def column(where: Sequence[str], name: str, texts: Sequence[str], sign: str) -> list[float]:
    """The numbers of a column, NaN where missing; `where` names each one's line, `sign` is the decimal sign.

    The other sign stands between thousands only if some number shows that it does (1,234.5 or 1,234,567): 1,234 alone
    could be either. Raises SpecError for what is no number, infinite, or too large to compute with.
    """
    other = "," if sign == "." else "."
    grouped = any(re.fullmatch(_surely_grouped(sign, other), text.strip()) for text in texts if other in text)
    return [_number(line, name, text.strip(), sign, other, grouped) for line, text in zip(where, texts, strict=True)]


def _surely_grouped(sign: str, other: str) -> str:
    one, apart = re.escape(sign), re.escape(other)
    return rf"[+-]?\d{{1,3}}({apart}\d{{3}}({apart}\d{{3}})+({one}\d*)?|({apart}\d{{3}})+{one}\d*)"


def _number(line: str, name: str, text: str, sign: str, other: str, grouped: bool) -> float:
    if sign == "." and PLAIN.fullmatch(text):  # nearly all are
        return float(text)
    if text.lower() in MISSING:
        return math.nan
    if re.fullmatch(INFINITE, text.lower()):
        raise BadFile(f"{line}: {name} is infinite.", "Mend it, or leave it empty.")
    plain = _plain(text, sign, other, grouped)
    if plain is None:
        raise BadFile(f"{line}: {name} is {text!r}, which is no number.", _advice(text, sign, other))
    value = float(plain)
    if abs(value) > LARGEST:
        raise BadFile(f"{line}: {name} is {text}, too large to compute with.", "Mend it, or leave it empty.")
    return value


def _plain(text: str, sign: str, other: str, grouped: bool) -> str | None:
    """`text` as Python reads numbers; None where it isn't one."""
    if re.fullmatch(rf"[+-]?\d{{1,3}}({SPACES}\d{{3}})+(\D.*)?", text):
        text = re.sub(SPACES, "", text)
    if other in text:
        if not grouped or not re.fullmatch(rf"[+-]?\d{{1,3}}({re.escape(other)}\d{{3}})+({re.escape(sign)}\d*)?", text):
            return None
        text = text.replace(other, "")
    plain = text.replace(sign, ".")
    return plain if re.fullmatch(NUMBER, plain) else None


def _advice(text: str, sign: str, other: str) -> str:
    """Mend it; where the other decimal sign would make it a number, that."""
    if re.fullmatch(NUMBER, text.replace(other, ".")) and other in text:
        word = "comma" if other == "," else "point"
        return f"If that is a decimal {word}, type data.decimal={word}; else write it without thousands' separators."
    return "Mend it, or leave it empty if it is missing."
