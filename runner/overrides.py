"""The words of a command line in Hydra's grammar; slips in them are answered before anything is composed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, QuotedString
from hydra.errors import HydraException

from runner import options
from runner import project as projects
from runner.errors import SpecError, nearest
from runner.spec import AXES, GROUPS, PARTS

NOT_SPEC = ("experiment", "schedule", "hydra")
FILLED = ("model.shapes.", "model.shapes=")


def readable(words: Iterable[str]) -> list[str]:
    """The words as Hydra's grammar wants them: entries of `baseline.overrides=[a=b,c.d=e]` quoted, keys below
    a mapping that the user fills (`model.shapes.x=[1,4]`) marked as new."""
    head = "baseline.overrides=["
    quoted = [_quoted(word, head) if word.startswith(head) and word.endswith("]") else word for word in words]
    return [f"++{word}" if word.startswith(FILLED) else word for word in quoted]


def _quoted(word: str, head: str) -> str:
    entries = [entry.strip() for entry in word[len(head) : -1].split(",") if entry.strip()]
    return head + ",".join(entry if entry[0] in "'\"" else f"'{entry}'" for entry in entries) + "]"


def word(key: str, value: Any) -> str:
    """One value of a YAML file as a word: an axis's option as it is, anything else with its type."""
    if key in (*AXES, "experiment") and isinstance(value, str):
        return f"{key}={value}"
    return f"{key}={json.dumps(value, ensure_ascii=False)}"


def parse(words: Iterable[str]) -> list[Override]:
    """Hydra's overrides. Raises SpecError with the one that can't be read."""
    parser = OverridesParser.create()
    return [_parse(parser, one) for one in words]


def _parse(parser: OverridesParser, one: str) -> Override:
    if "=" not in one and not one.startswith("~"):
        raise SpecError(f"{one}: key=value expected.", "For instance: model=gru model.hidden=64")
    try:
        return parser.parse_override(one)
    except HydraException as error:
        detail = str(error).splitlines()[0].split(" See https://")[0]
        advice = "Quote what has special characters: 'key=\"a b\"'"
        raise SpecError(f"{one}: can't be read: {detail}.", advice) from error


def expanded(override: Override, project: Path) -> list[str]:
    """The words of one value each that a word stands for: `a,b`, `choice(a,b)`, `range(1,9)`, `glob(*)` are several."""
    if not override.is_sweep_override():
        return [override.input_line or ""]
    key, value = override.get_key_element(), override.value()
    if not override.is_discrete_sweep():
        raise SpecError(f"{override.input_line}: an interval can't be swept over.", "Name the values: key=1,2,4")
    if isinstance(value, Glob):
        found = value.filter(_options(override, project))
    else:
        found = list(override.sweep_string_iterator())
    if not found:
        raise SpecError(f"{override.input_line}: that are no values at all.", "Name the values: key=1,2,4")
    return [f"{key}={one}" for one in found]


def _options(override: Override, project: Path) -> list[str]:
    axis = override.key_or_group
    if axis == "experiment":
        return sorted(projects.experiments(project))
    if axis in AXES:
        return options.names(axis, project)
    raise SpecError(
        f"{override.input_line}: glob() finds options of an axis, not values.", "Name the values: key=1,2,4"
    )


def check(overrides: Sequence[Override], project: Path, sweeps: bool) -> None:
    """Every `axis=option` names an option that is there, every key an axis; several values only where it `sweeps`.

    Raises SpecError.
    """
    for override in overrides:
        line = override.input_line or ""
        axis, _, rest = override.key_or_group.partition(".")
        _check_axis(axis, line)
        if axis == "schedule" and override.is_sweep_override():
            raise SpecError(f"{line}: one schedule runs every cell.", "Name one: schedule=local")
        if override.is_sweep_override() and not sweeps:
            raise SpecError(f"{line}: several values make a sweep.", f"Add -m: python -m runner -m {line}")
        if rest or override.package is not None or override.is_delete():
            continue
        if axis in GROUPS:
            for name in named(override, project):
                _check_option(axis, name, project)
        if axis == "experiment":
            for name in named(override, project):
                experiment(name, project)


def _check_axis(axis: str, line: str) -> None:
    known = [*AXES, "seed", *PARTS, *NOT_SPEC]
    if axis.split("/")[0] not in known:
        raise SpecError(f"{line}: no such key.{nearest(axis, known)}", f"Keys: {', '.join(known[:-1])}.")


def _check_option(axis: str, name: str, project: Path) -> None:
    path = options.file(axis, name, project)
    content = options.load_yaml(path)
    if "name" not in content and "defaults" not in content:
        raise SpecError(f"{path}: it doesn't say its name.", f"Begin it with: name: {name}")


def experiment(name: str, project: Path) -> Path:
    """The file of an experiment. Raises SpecError where there is none of that name, or it can't be read."""
    found = projects.experiments(project)
    if name not in found:
        raise SpecError(
            f"experiment={name}: no such study.{nearest(name, found)}",
            f"There are: {', '.join(sorted(found)) or 'none yet; put NAME.yaml into experiments/'}.",
        )
    _check_defaults(found[name], project)
    return found[name]


def _check_defaults(file: Path, project: Path) -> None:
    """What an experiment's defaults list names is there: Hydra would say that config.yaml names it."""
    entries = [entry for entry in options.load_yaml(file).get("defaults") or [] if isinstance(entry, Mapping)]
    for group, name in [pair for entry in entries for pair in entry.items()]:
        axis = str(group).removeprefix("override ").split("@")[0].strip("/ ")
        if axis.split("/")[0] not in (*GROUPS, "hydra"):
            known = f"Axes: {', '.join(AXES)}."
            raise SpecError(f"{file}: defaults: {axis}: no such axis.{nearest(axis, AXES)}", known)
        if axis in GROUPS and isinstance(name, str):
            try:
                options.file(axis, name, project)
            except SpecError as error:
                raise SpecError(f"{file}: {error.reason}", error.next_step) from error


def named(override: Override, project: Path) -> list[str]:
    """The options that a word names."""
    if isinstance(override.value(), Glob):
        return [one.partition("=")[2] for one in expanded(override, project)]
    if override.is_sweep_override():
        found = list(override.sweep_iterator()) if override.is_discrete_sweep() else []
        return [value.text if isinstance(value, QuotedString) else str(value) for value in found]
    value = override.value()
    if not isinstance(value, str):
        name = override.key_or_group
        raise SpecError(
            f"{override.input_line}: one option of {name} expected.",
            f"Try several in a sweep: python -m runner -m {name}=a,b",
        )
    return [value]
