"""Forms of JSON values: functions that say where a value is not as it must be.

A `Form` takes a value and the place where it stands, and returns the place of the first fault, "" where there is none:
`comparison.by_pair.3`. Numbers are finite, and a flag is no number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Form = Callable[[Any, str], str]
NOTHING: Mapping[str, Form] = {}


def anything(value: Any, at: str) -> str:
    """Whatever it is."""
    return ""


def text(value: Any, at: str) -> str:
    """Any text."""
    return "" if isinstance(value, str) else at


def matching(pattern: str) -> Form:
    """A text that is `pattern` from its first to its last character."""
    found = re.compile(pattern)
    return lambda value, at: "" if isinstance(value, str) and found.fullmatch(value) else at


def one_of(*values: str) -> Form:
    """One of these texts."""
    return lambda value, at: "" if isinstance(value, str) and value in values else at


def number(least: float = -math.inf, most: float = math.inf, *, whole: bool = False, open_: bool = False) -> Form:
    """A number from `least` to `most`, which with `open_` are left out themselves."""
    kinds = int if whole else (int, float)

    def form(value: Any, at: str) -> str:
        if not isinstance(value, kinds) or isinstance(value, bool) or not _finite(value):
            return at
        return "" if (least < value < most if open_ else least <= value <= most) else at

    return form


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can be
        return False


def maybe(form: Form) -> Form:
    """None, or of that form."""
    return lambda value, at: "" if value is None else form(value, at)


def empty_or(form: Form) -> Form:
    """An empty mapping, or of that form."""
    return lambda value, at: "" if value == {} else form(value, at)


def each(form: Form, length: int | None = None) -> Form:
    """A list of values of that form, of `length` if given."""

    def of_list(value: Any, at: str) -> str:
        if not isinstance(value, list) or length not in (None, len(value)):
            return at
        return next(filter(None, (form(one, f"{at}.{place}") for place, one in enumerate(value))), "")

    return of_list


def by_name(form: Form) -> Form:
    """A mapping from texts to values of that form."""

    def of_mapping(value: Any, at: str) -> str:
        if not isinstance(value, Mapping):
            return at
        faults = (form(one, f"{at}.{name}") if isinstance(name, str) else f"{at}.{name}" for name, one in value.items())
        return next(filter(None, faults), "")

    return of_mapping


def fields(required: Mapping[str, Form], optional: Mapping[str, Form] = NOTHING) -> Form:
    """A mapping with these keys; of the `optional` ones each may be missing. It may have more."""

    def of_fields(value: Any, at: str) -> str:
        if not isinstance(value, Mapping):
            return at
        inside = f"{at}." if at else ""
        missing = next((name for name in required if name not in value), "")
        if missing:
            return inside + missing
        forms = {**required, **optional}
        return next(filter(None, (forms[name](value[name], inside + name) for name in forms if name in value)), "")

    return of_fields


def both(*forms: Form) -> Form:
    """Of every one of these forms."""
    return lambda value, at: next(filter(None, (form(value, at) for form in forms)), "")


def such_that(holds: Callable[[Any], bool]) -> Form:
    """What `holds` is true of; other forms have looked at its parts before."""
    return lambda value, at: "" if holds(value) else at
