"""Odd values, names and texts that people and machines write, for every kind of input."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

NAMES = (
    "x", "input", "serving_default_x:0", "a(b)", "a,b", "größe", "in[0]", "a=b", "{x}", "a b", "", "x'y", 'x"y',
    "..", "/x", "x/y", "$x", "${x}", "a\nb", "\x1b[31mred", "\u202eabc", "=1+1", "-x", "@x", "true", "null",
    "1", "x" * 300, "%2F", "out/x", "入力", "a\tb", "\\", "~x", "+x", "#x", "a*b", "?", "_target_", "labels",
)  # fmt: skip
VALUES = (
    "0", "1", "-1", "2", "1.5", "1e300", "1e999", "-0", "nan", "inf", "-.inf", "true", "null", "None", "''",
    '""', "[]", "{}", "[1,2]", "[[[1]]]", "{a:1}", "{a:{b:[1]}}", "[1,", "{a", "99999999999999999999999",
    "0x10", "1_000", "1,5", "2024-01-31", "12:30:00", "~", "a", "gru", "ä", "a b", "a:b", "a=b", "a(b)",
    "choice(1,2)", "range(0,3)", "range(0,1e9)", "interval(0,1)", "glob(*)", "shuffle(1,2)", "sort(3,1)",
    "tag(a,1)", "int(3)", "str(x)", "json_str(1)", "${seed}", "${oc.env:HOME}", "${nothere}", "${", "???",
    "!!python/object:os.system", "\\", "'", '"', "*", "&a", "%", "@", "`", "|", ">", "-", "#x", "x" * 5000,
    "[" * 500, "{a:" * 200,
)  # fmt: skip


def some(draw: random.Random, values: Sequence[T], most: int) -> list[T]:
    """Up to `most` of `values`, perhaps one twice."""
    return [draw.choice(values) for _ in range(draw.randrange(most + 1))]


def mangled(draw: random.Random, data: bytes) -> bytes:
    """`data` with a few bytes changed, cut out, said twice, or its end missing."""
    found = bytearray(data)
    for _ in range(draw.randrange(1, 6)):
        at = draw.randrange(len(found) + 1)
        part = draw.randrange(4)
        if part == 0 and found:
            found[at % len(found)] = draw.randrange(256)
        elif part == 1:
            del found[at : at + draw.randrange(1, 40)]
        elif part == 2:
            found[at:at] = found[max(0, at - 20) : at]
        elif draw.random() < 0.3:
            del found[at:]
    return bytes(found)
