"""The words that make a record's spec again: its options and numbers as they are; what could lead to a file or to a
program is for the user to type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runner.core import advice, registry
from runner.core.errors import SpecError
from runner.core.setting_rules import rules, shown
from runner.spec import labels, options, overrides
from runner.spec.schema import AXES, NAMES, OWN_NAME, settings_class

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = "toolchain.version"
PLACES = ("hardware", "toolchain", "limits")  # of the machine where it was measured: this one has its own
# Free texts of our own options that name no file: columns, signs, inputs, cores.
HARMLESS = frozenset(
    f"{axis}.{key}"
    for axis, keys in {
        "data": ("delimiter", "time", "time_format", "target", "features", "frequency", "unit"),
        "model": ("output", "shapes"),
        "backend": ("provider", "device"),
        "measure": ("pin",),
    }.items()
    for key in keys
)


def again(spec: Mapping[str, Any], typed: Sequence[str], project: Path) -> list[str]:
    """The words of a record's `spec`, then those that are `typed`: places, and settings that no record is followed in.

    Raises SpecError for what has to be typed and isn't, and for a typed word that changes the spec.
    """
    given = {one.input_line: one.key_or_group for one in overrides.parse(typed)}
    settings = dict(_settings(spec, project))
    asked = [key for key in settings if not _trusted(key, settings[key], spec)]
    for word, key in given.items():
        if key not in asked and key.partition(".")[0] not in PLACES:
            raise SpecError(f"{word}: the record's own spec is run.", f"Leave it out; {', '.join(PLACES)} are yours.")
    lacking = [key for key in asked if key not in given.values()]
    if lacking:
        said = ", ".join(f"{key}={shown(settings[key])}" for key in lacking)
        ask = advice.shell(*(f"{key}=YOURS" for key in lacking))
        raise SpecError(f"The record names {said}: a record's word isn't followed there.", f"Add your own: {ask}")
    taken = [overrides.word(key, value) for key, value in settings.items() if key not in asked]
    return [*_choices(spec), *taken, *typed]


def told(spec: Mapping[str, Any], project: Path) -> list[str]:
    """The words that would make a record's `spec` again, files and all, for a user to read: nothing follows them by
    itself. Without those that say where it was measured."""
    return [*_choices(spec), *(overrides.word(key, value) for key, value in _settings(spec, project))]


def _choices(spec: Mapping[str, Any]) -> list[str]:
    return [overrides.word(axis, spec[axis]["name"]) for axis in AXES if axis in spec and axis not in PLACES]


def _settings(spec: Mapping[str, Any], project: Path) -> Iterator[tuple[str, Any]]:
    """What the record set otherwise than it is here, by key."""
    if labels.release(spec):
        yield RELEASE, labels.release(spec)
    for part in (name for name in NAMES if name in spec and name not in PLACES):
        if part not in AXES:
            own, usual = (spec[part] if isinstance(spec[part], Mapping) else {"": spec[part]}), {}
        else:
            own, usual = spec[part], options.values(part, spec[part]["name"], project)
        for key, value in own.items():
            if key not in ("name", OWN_NAME) and (key not in usual or usual[key] != value):
                yield f"{part}.{key}".rstrip("."), value


def _trusted(key: str, value: Any, spec: Mapping[str, Any]) -> bool:
    """Whether a record's value is taken: one without a text, one of several choices, or a text that names no file."""
    part, _, name = key.partition(".")
    if not _has_text(value) or key == RELEASE:  # a release's name, and nothing else, is composed (spec/toolchain.py)
        return True
    if part not in AXES:
        return False
    option = spec[part]["name"]
    known = rules(settings_class(part, option))
    ours = part not in registry.PACKAGES or registry.module(part, option).startswith("runner.")
    return (name in known and value in known[name][1].choices) or (ours and key in HARMLESS)


def _has_text(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_text, value.values()))
    return any(map(_has_text, value)) if isinstance(value, (list, tuple)) else isinstance(value, str)
