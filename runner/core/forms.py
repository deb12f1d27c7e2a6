"""Forms of JSON values: functions that say where a value is not as it must be, and why.

A `Form` takes a value and the place where it stands, and returns the first fault, None where there is none. A place is
the keys and positions that lead there, `("comparison", "by_pair", 3)`: whoever says it chooses how. Numbers are finite,
and a flag is no number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Place = tuple[str | int, ...]


class Fault(NamedTuple):
    """`what` is wrong at a place, as the rest of a sentence: `is 'x', no number`. Empty: nothing is there."""

    place: Place
    what: str = ""


Form = Callable[[Any, Place], Fault | None]
NOTHING: Mapping[str, Form] = {}


def dotted(place: Place) -> str:
    """`comparison.by_pair.3`."""
    return ".".join(map(str, place))


def shown(value: Any) -> str:
    """The beginning of what was said, without characters that would act on a terminal."""
    text = ascii(value) if isinstance(value, (str, int, float, bool, type(None))) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:60]}…"


def first(faults: Iterable[Fault | None]) -> Fault | None:
    """The first of the faults that are any."""
    return next(filter(None, faults), None)


def anything(value: Any, at: Place) -> Fault | None:
    """Whatever it is."""
    return None


def such_that(holds: Callable[[Any], bool], wanted: str = "which can't be") -> Form:
    """What `holds` is true of; other forms have looked at its parts before. `wanted` says what it is not."""
    return lambda value, at: None if holds(value) else Fault(at, f"is {shown(value)}, {wanted}")


def string(longest: float = math.inf, pattern: str = "(?s).*") -> Form:
    """A text of so many characters that is `pattern` from its first to its last."""
    found = re.compile(pattern)
    return such_that(
        lambda value: isinstance(value, str) and len(value) <= longest and found.fullmatch(value) is not None,
        "no text as it should be there",
    )


text = string()
sha256 = string(64, "[0-9a-f]{64}")
flag = such_that(lambda value: isinstance(value, bool), "neither true nor false")


def one_of(*values: str) -> Form:
    """One of these texts."""
    return such_that(lambda value: isinstance(value, str) and value in values, f"none of {', '.join(values)}")


def number(least: float = -math.inf, most: float = math.inf, *, whole: bool = False, open_: bool = False) -> Form:
    """A number from `least` to `most`, which with `open_` are left out themselves."""
    kinds = int if whole else (int, float)

    def holds(value: Any) -> bool:
        if not isinstance(value, kinds) or isinstance(value, bool) or not _finite(value):
            return False
        return least < value < most if open_ else least <= value <= most

    bounds = f"whole number from {least} to {most}" if whole else f"number from {least:g} to {most:g}"
    return such_that(holds, f"no {bounds}")


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can be
        return False


def maybe(form: Form) -> Form:
    """None, or of that form."""
    return lambda value, at: None if value is None else form(value, at)


def empty_or(form: Form) -> Form:
    """An empty mapping, or of that form."""
    return lambda value, at: None if value == {} else form(value, at)


def each(form: Form, least: float = 0, most: float = math.inf) -> Form:
    """A list of `least` to `most` values of that form."""
    wanted = f"no list of {least} to {most}"
    length = such_that(lambda value: isinstance(value, list) and least <= len(value) <= most, wanted)
    return lambda value, at: length(value, at) or first(form(one, (*at, place)) for place, one in enumerate(value))


def by_name(form: Form, most: float = math.inf, longest: float = math.inf) -> Form:
    """A mapping from at most `most` texts of at most `longest` characters to values of that form."""
    wanted = f"no object of at most {most} names"
    mapping = such_that(lambda value: isinstance(value, Mapping) and len(value) <= most, wanted)
    name = string(longest)

    def of_mapping(value: Any, at: Place) -> Fault | None:
        return mapping(value, at) or first(
            name(key, (*at, str(key))) or form(one, (*at, key)) for key, one in value.items()
        )

    return of_mapping


def fields(required: Mapping[str, Form], optional: Mapping[str, Form] = NOTHING) -> Form:
    """A mapping with these keys; of the `optional` ones each may be missing. It may have more."""
    mapping = such_that(lambda value: isinstance(value, Mapping), "no object")
    forms = {**required, **optional}

    def of_field(value: Mapping[str, Any], at: Place, name: str) -> Fault | None:
        if name in value:
            return forms[name](value[name], (*at, name))
        return Fault((*at, name)) if name in required else None

    return lambda value, at: mapping(value, at) or first(of_field(value, at, name) for name in forms)


def both(*forms: Form) -> Form:
    """Of every one of these forms."""
    return lambda value, at: first(form(value, at) for form in forms)


def either(name: str, form: Form, other: Form) -> Form:
    """Of `form` where it is a mapping with the key `name`, else of the `other`."""
    return lambda value, at: (form if isinstance(value, Mapping) and name in value else other)(value, at)
