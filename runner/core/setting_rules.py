"""The rules of settings: types, ranges, units and help of every option, beside its implementation.

Values come from `conf/`; a `Settings` dataclass says which are valid. `build` turns one into the other.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from runner.core.errors import SpecError, nearest

T = TypeVar("T")

READ = re.compile(
    r"[+-]?[\d.][\d_.e+-]*|null|true|false|[+-]?(inf|nan)|\s*", re.IGNORECASE
)  # as another type than text
LONGEST = 200  # characters of a value in a message


@dataclasses.dataclass(frozen=True)
class Rule:
    """What `runner show` prints of one setting, and what `build` enforces."""

    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    also: str = ""  # a regular expression of the texts that are allowed beside the choices


def setting(
    help: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] = (),
    also: str = "",
) -> Any:
    """A field of a `Settings` dataclass: one line of help, unit, inclusive range, allowed values."""
    return dataclasses.field(metadata={"rule": Rule(help, unit, low, high, tuple(choices), also)})


@functools.lru_cache(maxsize=None)  # noqa: UP033 - on Python 3.8, too: it travels with the backends
def rules(cls: type) -> dict[str, tuple[Any, Rule]]:
    """`{key: (type, rule)}` of a `Settings` dataclass."""
    hints = typing.get_type_hints(cls)
    return {f.name: (hints[f.name], f.metadata["rule"]) for f in dataclasses.fields(cls)}


def build(cls: type[T], values: Mapping[str, Any], where: str) -> T:
    """A checked instance of `cls` from plain values.

    `where` is the key's prefix as the user types it (`model`, `backend`). Raises SpecError: unknown key
    (with the nearest match), missing key, wrong type, value out of range.
    """
    known = rules(typing.cast(type, cls))
    for key in values:
        if key not in known:
            raise SpecError(
                f"{where}.{key}: no such key.{nearest(str(key), known)}",
                f"Known keys of {where}: {', '.join(known) or 'none'}.",
            )
    missing = [key for key in known if key not in values]
    if missing:
        raise SpecError(f"{where}.{missing[0]} has no value.", f"Set it: {where}.{missing[0]}=…")
    checked = {key: check(values[key], *known[key], where=f"{where}.{key}") for key in known}
    return cls(**checked)


def check(value: Any, kind: Any, rule: Rule, where: str) -> Any:
    """`value` as `kind`, or a SpecError that names the key, the value and what is allowed."""
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):  # settings of its own, such as backend.tuning
        return build(typing.cast(type, kind), value, where)
    cast = _cast(value, kind)
    if cast is _WRONG:
        raise SpecError(f"{where}={shown(value)}: {_article(kind)} expected.", f"{rule.help}{_range(rule)}")
    if rule.choices and cast not in rule.choices and not (rule.also and re.fullmatch(rule.also, str(cast))):
        options = ", ".join(shown(choice) for choice in rule.choices)
        raise SpecError(f"{where}={shown(value)}: not one of {options}.{nearest(str(value), map(str, rule.choices))}")
    if isinstance(cast, (int, float)) and not _inside(cast, rule):
        raise SpecError(f"{where}={shown(value)}: out of range.", f"{rule.help}{_range(rule)}")
    return cast


_WRONG = object()


def _cast(value: Any, kind: Any) -> Any:
    """`value` in type `kind` without changing its meaning (2 may become 2.0, never "2" or True)."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _first(value, typing.get_args(kind))
    if kind is type(None):
        return None if value is None else _WRONG
    if origin in (tuple, list):
        item = typing.get_args(kind)[0]
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            return _WRONG
        items = [_cast(v, item) for v in value]
        return _WRONG if _WRONG in items else tuple(items)
    if origin is dict:
        if not isinstance(value, Mapping):
            return _WRONG
        parts = {str(k): _cast(v, typing.get_args(kind)[1]) for k, v in value.items()}
        return _WRONG if _WRONG in parts.values() else parts
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _WRONG
    return _cast_plain(value, kind)


def _first(value: Any, kinds: tuple[Any, ...]) -> Any:
    for kind in kinds:
        cast = _cast(value, kind)
        if cast is not _WRONG:
            return cast
    return _WRONG


def _cast_plain(value: Any, kind: Any) -> Any:
    if kind is bool:
        return value if isinstance(value, bool) else _WRONG
    if kind is int:
        return value if isinstance(value, int) and not isinstance(value, bool) else _WRONG
    if kind is float:
        ok = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
        return float(value) if ok else _WRONG
    if kind is str:
        return value if isinstance(value, str) else _WRONG
    if kind is Path:
        return Path(value) if isinstance(value, (str, Path)) else _WRONG
    raise TypeError(f"a Settings field of type {kind!r} can't be checked")


def _inside(value: float, rule: Rule) -> bool:
    return (rule.low is None or value >= rule.low) and (rule.high is None or value <= rule.high)


def shown(value: Any) -> str:
    """`value` as it is typed: a text that would be read as a number or as null without its quotes has them."""
    if value is None:
        return "null"
    text = f'"{value}"' if isinstance(value, str) and READ.fullmatch(value) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _article(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", Path: "a path"}
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return " or ".join(_article(k) if k is not type(None) else "null" for k in typing.get_args(kind))
    if typing.get_origin(kind) in (tuple, list):
        return "a list"
    return names.get(kind, "a mapping")


def _range(rule: Rule) -> str:
    unit = f" {rule.unit}" if rule.unit else ""
    if rule.low is not None and rule.high is not None:
        return f" ({rule.low:g} to {rule.high:g}{unit})"
    if rule.low is not None:
        return f" (at least {rule.low:g}{unit})"
    if rule.high is not None:
        return f" (at most {rule.high:g}{unit})"
    return f" ({rule.unit})" if rule.unit else ""
