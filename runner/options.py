"""The options of each axis: which YAMLs there are, their values, and a spec with other options put in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from runner import project as projects
from runner.errors import SpecError, nearest
from runner.spec import AXES, NAMES, Spec, part, plain_part, together


def names(axis: str, project: Path) -> list[str]:
    """The options of an axis, sorted: every YAML in `conf/<axis>/` of the project and of the package."""
    folders = [folder / axis for folder in projects.conf_folders(project)]
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml") if path.is_file()})


def file(axis: str, name: str, project: Path) -> Path:
    """The YAML of one option. Raises SpecError with the nearest name where there is none."""
    known = names(axis, project)
    if name in known:  # asked of the listing, so that no name leads out of the folder
        paths = [folder / axis / f"{name}.yaml" for folder in projects.conf_folders(project)]
        return next(path for path in paths if path.is_file())
    raise SpecError(f"{axis}={name}: no such {axis}.{nearest(name, known)}", f"There are: {', '.join(known)}.")


def values(axis: str, name: str, project: Path) -> dict[str, Any]:
    """An option's own values: its YAML without the defaults list."""
    content = load_yaml(file(axis, name, project))
    return {key: value for key, value in content.items() if key != "defaults"}


@cache
def load_yaml(path: Path) -> Mapping[str, Any]:
    """A YAML file's content as Hydra reads it: 1e-3 is a number, a date is text, no key stands twice.

    Raises SpecError with file and line where it can't be read.
    """
    from omegaconf._utils import get_yaml_loader

    try:
        content = yaml.load(path.read_text(encoding="utf-8"), get_yaml_loader())
    except yaml.MarkedYAMLError as error:
        raise yaml_error(path, error) from error
    except (UnicodeDecodeError, yaml.reader.ReaderError) as error:
        raise SpecError(f"{path}: not plain text in UTF-8.", "Save it as plain text in UTF-8.") from error
    if content is not None and not isinstance(content, Mapping):
        raise SpecError(f"{path}: not a list of keys with values.", "Write one `key: value` a line.")
    return content or {}


def forget() -> None:
    """Read every file again: in a process that lives long they may have been edited."""
    load_yaml.cache_clear()
    _changed.cache_clear()


def yaml_error(path: Path | str, error: yaml.MarkedYAMLError) -> SpecError:
    """A YAML syntax error as one line with file and line."""
    mark = error.problem_mark
    where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
    return SpecError(f"{where}: not valid YAML: {error.problem or error}.", "Mend that line.")


def override(spec: Spec, overrides: Iterable[str], project: Path) -> Spec:
    """`spec` with Hydra-style overrides: `axis=option` puts that option's values in, `axis.key=value` one value."""
    by_part: dict[str, list[str]] = {}
    for text in overrides:
        by_part.setdefault(_key(text).partition(".")[0], []).append(text)
    parts = {name: getattr(spec, name) for name in NAMES}
    for name, texts in by_part.items():
        if name not in NAMES:
            raise SpecError(f"{_key(texts[0])}: no such key.{nearest(name, NAMES)}")
        parts[name] = _changed(name, parts[name], tuple(texts), project)
    return together(parts)


@lru_cache(maxsize=4096)  # a sweep's cells have few parts, and baselines that change them alike
def _changed(name: str, before: Any, texts: tuple[str, ...], project: Path) -> Any:
    """One part of a spec with overrides, options before their settings."""
    plain = {name: plain_part(before)}
    for text in sorted(texts, key=lambda text: "." in _key(text)):
        key, value = _key(text), _value(text)
        if key in AXES:
            plain[key] = values(key, str(value), project)
        else:
            _set(plain, key, value)
    return part(name, plain[name])


def _key(text: str) -> str:
    key, mark, _ = text.partition("=")
    if not mark or not key.strip():
        raise SpecError(f"baseline.overrides: {text!r} is not key=value.")
    return key.strip()


def _value(text: str) -> Any:
    from omegaconf._utils import get_yaml_loader

    value = text.partition("=")[2]
    try:
        return yaml.load(value, get_yaml_loader())
    except yaml.YAMLError as error:
        raise SpecError(f"baseline.overrides: {text!r}: {value!r} can't be read.") from error


def _set(plain: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    here: Any = plain
    for parent in parents:
        if not isinstance(here, dict) or parent not in here:
            raise SpecError(f"{key}: no such key.{nearest(parent, here if isinstance(here, dict) else [])}")
        here = here[parent]
    if not isinstance(here, dict) or (last not in here and len(parents) == 0):
        raise SpecError(f"{key}: no such key.{nearest(last, plain)}")
    here[last] = value
