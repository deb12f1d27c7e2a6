"""Columns of numbers as people write them: decimal points or commas, thousands apart. Standard library only.

A point before three digits may be a decimal point or stand between thousands. What somebody typed decides; else the
file's own numbers do, and where they can't, nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from runner.core.errors import BadFile
from runner.data import _text

MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-")
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
PLAIN = re.compile(r"-?\d{1,12}(\.\d*)?")
EITHER = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")  # 1.201: thousands never begin with 0
UNDIVIDED = re.compile(r"[+-]?\d{4,}")  # who writes these sets no thousands apart
INFINITE = r"[+-]?inf(inity)?"
AUTO = "auto"
DECIMALS = {AUTO: ".", ".": ".", "point": ".", ",": ",", "comma": ","}
SPACES = "[ '\u2019\u00a0\u2009\u202f]"  # between thousands: no other meaning
MINUS = "\u2212"  # the typographer's
LONGEST_UNIT = 20  # characters
LARGEST = 1e37  # float32 holds 3.4e38, and differences are taken


def columns(
    where: Sequence[str], texts: Mapping[str, Sequence[str]], decimal: str, delimiter: str
) -> tuple[list[list[float]], list[str]]:
    """The numbers of each column of `texts`, NaN where missing, and what a reader should know of how they were read;
    `where` names each row's line, `decimal` is `data.decimal`.

    Raises BadFile for what is no number, infinite, too large to compute with, or two numbers as likely.
    """
    sign, typed = DECIMALS[decimal], decimal != AUTO
    said = [] if typed or _point_is_decimal(texts) else list(_doubts(where, texts, delimiter))
    said += [text for name, column in texts.items() if typed for text in _taken_apart(where, name, column, sign)]
    return [_column(where, name, column, sign, typed) for name, column in texts.items()], said


def _column(where: Sequence[str], name: str, texts: Sequence[str], sign: str, typed: bool) -> list[float]:
    """Unless the decimal sign was typed, the other one stands between thousands only if some number shows that it does
    (1,234.5 or 1,234,567): 1,234 alone could be either."""
    grouped = typed or _shows_groups(texts, sign)
    return [_number(line, name, text.strip(), sign, grouped) for line, text in zip(where, texts, strict=True)]


def _other(sign: str) -> str:
    return "," if sign == "." else "."


def _shows_groups(texts: Sequence[str], sign: str) -> bool:
    """Whether the sign that is not the decimal one surely stands between thousands."""
    one, apart = re.escape(sign), re.escape(_other(sign))
    sure = re.compile(rf"[+-]?[1-9]\d{{0,2}}({apart}\d{{3}}({apart}\d{{3}})+({one}\d*)?|({apart}\d{{3}})+{one}\d*)")
    return any(sure.fullmatch(text.strip()) for text in texts if _other(sign) in text)


# --- points that may be either ---


def _point_is_decimal(texts: Mapping[str, Sequence[str]]) -> bool:
    """Whether some number of the file can be read with a decimal point alone, as 0.5 and 1,234.5."""
    return any(
        _shows_groups(column, ".")
        or any(
            "." in text and not EITHER.fullmatch(text) and re.fullmatch(NUMBER, text) for text in map(str.strip, column)
        )
        for column in texts.values()
    )


def _doubts(where: Sequence[str], texts: Mapping[str, Sequence[str]], delimiter: str) -> Iterator[str]:
    """Said of columns whose points may stand between thousands; refused where that is the likelier reading: in 950 and
    1.201 a decimal point would have left three digits each time, or none."""
    for name, column in texts.items():
        stripped = [text.strip() for text in column]
        points = [row for row, text in enumerate(stripped) if EITHER.fullmatch(text)]
        if not points or any(map(UNDIVIDED.fullmatch, stripped)):
            continue
        without = next((row for row, text in enumerate(stripped) if re.fullmatch(r"[+-]?\d{1,3}", text)), None)
        if without is not None and delimiter != ",":
            raise BadFile(
                f"{where[points[0]]}: {name} is {stripped[points[0]]}, which may be "
                f"{stripped[points[0]].replace('.', '')}: {stripped[without]} ({where[without]}) has no point.",
                "Type data.decimal=comma if points stand between thousands, data.decimal=point if they are decimal.",
            )
        if without is not None or delimiter == ";":
            yield (
                f"{name} is {stripped[points[0]]} ({where[points[0]]}), read with a decimal point: "
                "if points stand between thousands, type data.decimal=comma"
            )


def _taken_apart(where: Sequence[str], name: str, texts: Sequence[str], sign: str) -> Iterator[str]:
    """Said where nothing but the typed decimal sign says that the other one stands between thousands."""
    other = _other(sign)
    first = next((row for row, text in enumerate(texts) if other in text), None)
    if first is not None and not any(sign in text for text in texts) and not _shows_groups(texts, sign):
        text = texts[first].strip()
        yield f"{name} is {text} ({where[first]}), read as {text.replace(other, '')}, as data.decimal says"


# --- one number ---


def _number(line: str, name: str, text: str, sign: str, grouped: bool) -> float:
    if sign == "." and PLAIN.fullmatch(text):  # nearly all are
        return float(text)
    if text.lower() in MISSING:
        return math.nan
    if re.fullmatch(INFINITE, text.lower()):
        raise BadFile(f"{line}: {name} is infinite.", "Mend it, or leave it empty.")
    plain = _plain(text.replace(MINUS, "-"), sign, grouped)
    if plain is None:
        raise BadFile(f"{line}: {name} is {_text.cut(text)!r}, which is no number.", advice(text, sign))
    value = float(plain)
    if abs(value) > LARGEST:
        raise BadFile(f"{line}: {name} is {_text.cut(text)}, too large to compute with.", "Mend it, or leave it empty.")
    return value


def _plain(text: str, sign: str, grouped: bool) -> str | None:
    """`text` as Python reads numbers; None where it isn't one."""
    other = _other(sign)
    if re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}({SPACES}\d{{3}})+(\D.*)?", text):
        text = re.sub(SPACES, "", text)
    if other in text:
        apart = rf"[+-]?[1-9]\d{{0,2}}({re.escape(other)}\d{{3}})+({re.escape(sign)}\d*)?"
        if not grouped or not re.fullmatch(apart, text):
            return None
        text = text.replace(other, "")
    plain = text.replace(sign, ".")
    return plain if re.fullmatch(NUMBER, plain) else None


def advice(text: str, sign: str) -> str:
    """What to do with a cell that is no number with this decimal sign."""
    word, keep = ("comma", "point") if sign == "." else ("point", "comma")
    if _plain(text, _other(sign), grouped=True) is not None:
        if EITHER.fullmatch(text.replace(_other(sign), ".")):
            return f"Type data.decimal={word} if that is a decimal {word}, data.decimal={keep} if it is a thousand."
        return (
            f"If its decimal sign is a {word}, type data.decimal={word}; else write it without thousands' separators."
        )
    if 0 < len(unit_in(text)) <= LONGEST_UNIT:
        return f"Write the number alone, without {unit_in(text)!r}."
    return "Mend it, or leave it empty if it is missing."


def unit_in(text: str) -> str:
    """What stands before and behind the number in a cell, as a unit; "" where it holds none, or brackets."""
    about = re.fullmatch(rf"([^\d()]*?)[+{MINUS}-]?(?:\d|[.,]|{SPACES})*\d([^\d()]*)", text)
    return "".join(about.groups()).strip() if about else ""
