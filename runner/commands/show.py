"""`python -m runner show backend=openvino [--json]`: an option's settings, defaults, units, one line each."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.commands.list import first_comment
from runner.core import advice, project_paths
from runner.core.errors import SpecError, nearest
from runner.core.setting_rules import Rule, rules
from runner.spec import options
from runner.spec.schema import GROUPS, settings_class


def main(argv: list[str]) -> int:
    """Print the settings of each `axis=option` named."""
    arguments = parser("show", "An option's settings, defaults, units, one line each.")
    arguments.add_argument("option", nargs="+", help="axis=option, for instance backend=openvino")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    chosen = arguments.parse_args(argv)
    shown = [_describe(word) for word in chosen.option]
    if chosen.json:
        console.document({"schema": 1, "options": shown})
    else:
        console.say("\n\n".join(_text(one) for one in shown))
    return 0


def _describe(word: str) -> dict[str, Any]:
    axis, mark, name = word.partition("=")
    known_axes = (*GROUPS, "experiment")
    if not mark or axis not in known_axes:
        raise _no_option(word, mark, known_axes)
    root = project_paths.root()
    if axis == "experiment":
        return _experiment(name, root)
    file = options.file(axis, name, root)
    values = options.values(axis, name, root)
    known = rules(settings_class(axis, str(values.get("name", name))))
    settings = list(_settings(axis, known, values))
    brings = _defaults(options.load_yaml(file))
    return {"option": word, "help": first_comment(file), "file": str(file), "brings": brings, "settings": settings}


def _no_option(word: str, mark: str, axes: tuple[str, ...]) -> SpecError:
    """An axis alone is a question for its options; an option alone is one of some axis."""
    axis, root = word.partition("=")[0], project_paths.root()
    having = [f"{one}={word}" for one in GROUPS if not mark and word in options.names(one, root)]
    if having:
        next_step = f"Type: {advice.shell('python', '-m', 'runner', 'show', *having)}"
    elif axis in axes:
        next_step = f"Its options: python -m runner list {axis}"
    else:
        next_step = f"Axes: {', '.join(axes)}."
    close = "" if having or axis in axes else nearest(axis, axes)
    return SpecError(f"{word}: axis=option expected.{close}", next_step)


def _experiment(name: str, root: Path) -> dict[str, Any]:
    """What an experiment's file chooses, sets and sweeps over."""
    from runner.sweeps import experiment_file

    found = experiment_file.read(name, root)  # says what is wrong with the sweep
    file = project_paths.experiments(root)[name] if found is None else found.file
    content = dict(options.load_yaml(file))
    chooses = {axis.removeprefix("override /"): name for axis, name in _defaults(content).items()}
    sets = {key: value for key, value in content.items() if key not in ("defaults", "sweep")}
    shown = {"option": f"experiment={name}", "help": first_comment(file), "file": str(file)}
    return {**shown, "chooses": chooses, "sets": sets, "sweep": content.get("sweep")}


def _settings(
    where: str, known: typing.Mapping[str, Any], values: typing.Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The settings below `where`; of one that has settings of its own, those."""
    for key, (kind, rule) in known.items():
        if dataclasses.is_dataclass(kind):
            yield from _settings(f"{where}.{key}", rules(typing.cast(type, kind)), values.get(key) or {})
        else:
            yield _setting(f"{where}.{key}", values.get(key), kind, rule)


def _setting(key: str, default: Any, kind: Any, rule: Rule) -> dict[str, Any]:
    return {"key": key, "default": default, "type": type_name(kind), **dataclasses.asdict(rule)}


def _defaults(content: typing.Mapping[str, Any]) -> dict[str, str]:
    """Options of other axes that this one brings in its defaults list."""
    entries = [entry for entry in content.get("defaults", []) if isinstance(entry, dict)]
    return {key.split("@")[0].strip("/ "): str(value) for entry in entries for key, value in entry.items()}


def type_name(kind: Any) -> str:
    """A type as a user reads it."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_name(one) for one in typing.get_args(kind))
    if origin in (tuple, list):
        return f"list of {type_name(typing.get_args(kind)[0])}"
    if origin is dict:
        return "mapping"
    return {type(None): "null", str: "text", int: "whole number", float: "number", bool: "true/false"}.get(
        kind, getattr(kind, "__name__", str(kind))
    )


def _text(one: dict[str, Any]) -> str:
    if "chooses" in one:
        return _experiment_text(one)
    brings = "".join(f"\n  brings {axis}={name}" for axis, name in one["brings"].items())
    lines = [f"  {_left(setting):<40}  {_right(setting)}" for setting in one["settings"]]
    return "\n".join([f"{one['option']}  {one['help']}{brings}", *(lines or ["  (no settings)"])])


def _experiment_text(one: dict[str, Any]) -> str:
    import yaml

    lines = [f"{one['option']}  {one['help']}", *(f"  chooses {axis}={name}" for axis, name in one["chooses"].items())]
    for key in ("sets", "sweep"):
        if one[key]:
            text = yaml.safe_dump(one[key], sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
            lines += [f"  {key}", *(f"    {line}" for line in text.splitlines())]
    return "\n".join(lines)


def _left(setting: dict[str, Any]) -> str:
    default = json.dumps(setting["default"], ensure_ascii=False).strip('"')
    return f"{setting['key']}={default}"


def _right(setting: dict[str, Any]) -> str:
    if setting["choices"]:
        allowed = " | ".join(str(choice) for choice in setting["choices"])
    else:
        allowed = setting["type"] + _bounds(setting)
    unit = f" [{setting['unit']}]" if setting["unit"] else ""
    return f"{setting['help']}{unit} ({allowed})"


def _bounds(setting: dict[str, Any]) -> str:
    low, high = setting["low"], setting["high"]
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    if low is not None:
        return f", at least {low:g}"
    return f", at most {high:g}" if high is not None else ""
