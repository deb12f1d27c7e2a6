"""The options of each axis: which YAMLs there are, their values, and a spec with other options put in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from runner.core import advice, hashing, registry
from runner.core import project_paths as projects
from runner.core.errors import SpecError, nearest
from runner.spec import yaml_files
from runner.spec.schema import AXES, NAMES, Spec, part, plain_part, together

Change = tuple[str, Any, bool]  # a key, its value, and whether that is put beside the others of the mapping there


def names(axis: str, project: Path) -> list[str]:
    """The options of an axis, sorted: every YAML in `conf/<axis>/` of the project, ours and of packages."""
    folders = [folder / axis for folder in projects.conf_folders(project)]
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml") if path.is_file()})


def file(axis: str, name: str, project: Path) -> Path:
    """The YAML of one option. Raises SpecError with the nearest name where there is none."""
    known = names(axis, project)
    paths = [folder / axis / f"{name}.yaml" for folder in projects.conf_folders(project)]
    if name in known:  # asked of the listing, so that no name leads out of the folder
        return next(path for path in paths if path.is_file())
    if name.isidentifier() and any(path.exists() for path in paths):
        raise yaml_files.not_a_file(next(path for path in paths if path.exists()))
    if axis in registry.PACKAGES and (module := registry.entry_points(registry.PACKAGES[axis]).get(name)):
        reason = f"{axis}={name}: its package {module} carries no conf/{axis}/{name}.yaml."
        raise SpecError(reason, f"Write it there, or as conf/{axis}/{name}.yaml of your project.")
    own = advice.own_model(name) if axis == "model" else ""
    meant = f"A model of your own: python -m runner {own}" if own else f"There are: {', '.join(known)}."
    raise SpecError(f"{axis}={name}: no such {axis}.{'' if own else nearest(name, known)}", meant)


def values(axis: str, name: str, project: Path) -> dict[str, Any]:
    """An option's own values: its YAML without the defaults list (`yaml_files.option`)."""
    content = yaml_files.option(file(axis, name, project), axis)
    return {key: value for key, value in content.items() if key != "defaults"}


def load_yaml(path: Path) -> Mapping[str, Any]:
    """A YAML file's content (`spec/yaml_files.py`). Raises SpecError with file and line where it can't be read."""
    return yaml_files.load(path).content


def forget() -> None:
    """Read every file again: in a process that lives long they may have been edited."""
    yaml_files.load.cache_clear()
    _part_with.cache_clear()


def override(spec: Spec, overrides: Iterable[str], project: Path) -> Spec:
    """`spec` with Hydra-style overrides: `axis=option` puts that option's values in, `axis.key=value` one value."""
    read = map(_read, overrides)
    return _with(spec, [(word.key_or_group, word.value(), isinstance(word, _words().Entry)) for word in read], project)


def changed(spec: Spec, values: Mapping[str, Any], project: Path) -> Spec:
    """`spec` with other values: by an axis its option, whose values are put in, by `axis.key` one value."""
    return _with(spec, [(key, value, False) for key, value in values.items()], project)


def _with(spec: Spec, changes: Iterable[Change], project: Path) -> Spec:
    by_part: dict[str, list[Change]] = {}
    for change in changes:
        by_part.setdefault(change[0].partition(".")[0], []).append(change)
    parts = {name: getattr(spec, name) for name in NAMES}
    for name, own in by_part.items():
        if name not in NAMES:
            raise SpecError(f"{own[0][0]}: no such key.{nearest(name, NAMES)}")
        parts[name] = _part_with(name, parts[name], hashing.canonical(own), project)
    return together(parts)


@lru_cache(maxsize=4096)  # a sweep's cells have few parts, and baselines that change them alike
def _part_with(name: str, before: Any, changes: str, project: Path) -> Any:
    """One part of a spec with changes (JSON), options before their settings."""
    plain = {name: plain_part(before)}
    for key, value, within in sorted(json.loads(changes), key=lambda change: "." in change[0]):
        if key in AXES:
            plain[key] = values(key, str(value), project)
        else:
            _set(plain, key, value, within=within)
    return part(name, plain[name])


def _words() -> ModuleType:
    from runner.spec import words  # Hydra's grammar, which `runner list` does without

    return words


@lru_cache(maxsize=4096)
def _read(text: str) -> Any:
    """One word of the baseline's overrides. Raises SpecError where it doesn't set one value."""
    words = _words()
    word = words.parse(text)
    if word.value_type is words.ValueType.SIMPLE_CHOICE_SWEEP:  # one baseline: a comma is of the text (`a,b.csv`)
        key, _, value = text.partition("=")
        word = words.parse(f"{key}={words.text_of(value)}")
    if word.is_sweep_override() or word.is_delete() or word.package is not None:
        raise SpecError(f"baseline.overrides: {text}: one value of one key expected.", "For instance: precision=fp32")
    return word


def _set(plain: dict[str, Any], key: str, value: Any, within: bool) -> None:
    """Puts `value` in the place of `key`; `within` a mapping there, beside its other entries."""
    *parents, last = key.split(".")
    here: Any = plain
    for parent in parents:
        if not isinstance(here, dict) or parent not in here:
            raise SpecError(f"{key}: no such key.{nearest(parent, here if isinstance(here, dict) else [])}")
        here = here[parent]
    if not isinstance(here, dict) or (last not in here and len(parents) == 0):
        raise SpecError(f"{key}: no such key.{nearest(last, plain)}")
    here[last] = {**here[last], **value} if within and isinstance(here.get(last), dict) else value
