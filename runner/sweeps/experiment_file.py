"""The sweep that an experiment's file states: its axes, its cells, and what is left out.

A combination of the axes is a cell, each of `cells` is one more, and cells whose spec matches an entry of `exclude` are
left out. How to write it: docs/sweeps.md.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override

from runner.core import project_paths as projects
from runner.core.errors import SpecError, nearest
from runner.spec import options, overrides, yaml_files
from runner.spec.schema import AXES, GROUPS, NAMES

KEYS = ("axes", "cells", "exclude")
EXAMPLE = "For instance: sweep: {axes: {model: [gru, lstm], precision: [fp32, int8]}}"


@dataclass(frozen=True)
class Exclude:
    """Cells with one of the wanted values at each of the keys are left out."""

    wanted: Mapping[str, Sequence[Any]]

    def matches(self, values: Mapping[str, Any]) -> bool:
        """Whether the cell with these values (of a whole spec, plain) is left out."""
        return all(_at(values, key) in wanted for key, wanted in self.wanted.items())

    def __str__(self) -> str:
        parts = (f"{key}: {wanted[0] if len(wanted) == 1 else list(wanted)}" for key, wanted in self.wanted.items())
        return "{" + ", ".join(parts) + "}"


@dataclass(frozen=True)
class Experiment:
    """`axes`: words by key; `cells`: one word a key; `exclude`: what is left out."""

    file: Path
    axes: Mapping[str, Sequence[str]]
    cells: Sequence[Mapping[str, str]]
    exclude: Sequence[Exclude]

    def combined(self, given: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
        """The words of each cell. Those `given` on the command line (by key) apply to every cell, and stand in place
        of the file's words for the same key."""
        for choices in self._choices(given):
            yield from map(list, itertools.product(*choices))

    def count(self, given: Mapping[str, Sequence[str]]) -> int:
        """How many cells `combined` names, before any is made."""
        return sum(math.prod(map(len, choices)) for choices in self._choices(given))

    def _choices(self, given: Mapping[str, Sequence[str]]) -> Iterator[list[Sequence[str]]]:
        """The words of each key, by what is combined: the axes, and each of the cells."""
        said = {key.lstrip("+~") for key in given}
        groups = [self.axes] if self.axes else []
        for own in (*groups, *({key: [word] for key, word in cell.items()} for cell in self.cells)):
            yield [*(words for key, words in own.items() if key not in said), *given.values()]


@cache
def read(name: str, project: Path) -> Experiment | None:
    """What the experiment `name` sweeps over; None where it states no sweep.

    Raises SpecError, with file and key: an unknown key, axis or option, a value that is none, a sweep without cells.
    """
    file = _file(name, project)
    content = options.load_yaml(file)
    if "sweep" not in content:
        return None
    stated = _mapping(content["sweep"], f"{file}: sweep", KEYS)
    axes = _mapping(stated.get("axes", {}), f"{file}: sweep.axes", NAMES)
    experiment = Experiment(
        file,
        {key: _words(key, values, f"{file}: sweep.axes.{key}", project) for key, values in axes.items()},
        [_cell(cell, f"{file}: sweep.cells") for cell in _list(stated, "cells", file)],
        [_exclude(one, f"{file}: sweep.exclude") for one in _list(stated, "exclude", file)],
    )
    if not experiment.axes and not experiment.cells:
        raise SpecError(f"{file}: sweep: it names no cells.", EXAMPLE)
    _check(experiment, project)
    return experiment


def named(given: Iterable[Override], project: Path) -> dict[str, Experiment | None]:
    """The experiments among the words, by name: `read` of each."""
    names = [name for one in given if one.key_or_group == "experiment" for name in overrides.named(one, project)]
    return {name: read(name, project) for name in names}


def _file(name: str, project: Path) -> Path:
    """The file of an experiment. Raises SpecError where there is none of that name, or it can't be read."""
    found = projects.experiments(project)
    if name not in found:
        raise _no_experiment(name, found, project)
    _check_chosen(found[name], project)
    return found[name]


def _no_experiment(name: str, found: Iterable[str], project: Path) -> SpecError:
    listed = ", ".join(sorted(found)) or "none yet; put NAME.yaml into experiments/"
    for folder in projects.experiment_folders(project):
        path = folder / f"{name}.yaml"
        if name.isidentifier() and path.exists():
            return yaml_files.not_a_file(path)
    return SpecError(f"experiment={name}: no such experiment.{nearest(name, found)}", f"There are: {listed}.")


def _check_chosen(file: Path, project: Path) -> None:
    """What an experiment's defaults list names is there: Hydra would say that config.yaml names it."""
    entries = [entry for entry in options.load_yaml(file).get("defaults", []) if isinstance(entry, Mapping)]
    for group, name in [pair for entry in entries for pair in entry.items()]:
        axis = str(group).removeprefix("override ").split("@")[0].strip("/ ")
        if axis.split("/")[0] not in GROUPS:
            known = f"Axes: {', '.join(AXES)}."
            raise SpecError(f"{file}: defaults: {axis}: no such axis.{nearest(axis, AXES)}", known)
        if axis in GROUPS and isinstance(name, str):
            try:
                options.file(axis, name, project)
            except SpecError as error:
                raise SpecError(f"{file}: {error.reason}", error.next_step) from error


def _mapping(content: Any, where: str, known: Sequence[str]) -> Mapping[str, Any]:
    """A mapping whose keys are `known`, or settings of them (`model.hidden` where `model` is)."""
    if not isinstance(content, Mapping):
        raise SpecError(f"{where}: keys with values expected, not {content}.", EXAMPLE)
    for key in content:
        if str(key).partition(".")[0] not in known:
            kind = "key" if known is KEYS else "axis"
            raise SpecError(f"{where}.{key}: no such {kind}.{nearest(str(key), known)}", f"Known: {', '.join(known)}.")
    return content


def _list(stated: Mapping[str, Any], key: str, file: Path) -> Sequence[Any]:
    found = stated.get(key, [])
    if not isinstance(found, list):
        raise SpecError(
            f"{file}: sweep.{key}: a list of mappings expected.", f"{key}: [{{model: gru, backend: torch}}]"
        )
    return found


def _words(key: str, values: Any, where: str, project: Path) -> list[str]:
    """The words of one axis: of a list of values, or of a text that says several as on a command line."""
    if isinstance(values, str):
        (override,) = overrides.parse([f"{key}={values}"])
        found = overrides.expanded(override, project) if override.is_sweep_override() else []
    else:
        found = [_word(key, value, where) for value in values] if isinstance(values, list) else []
    if not found:
        raise SpecError(f"{where}={values}: a list of values expected.", f"For instance: {key}: [{values}]")
    twice = next((word for word, count in Counter(found).items() if count > 1), None)
    if twice:
        raise SpecError(f"{where}: {twice} is listed twice.", "Leave one of them out.")
    return found


def _word(key: str, value: Any, where: str) -> str:
    if (isinstance(value, Mapping) and "." not in key) or (key in AXES and not isinstance(value, str)):
        expected = f"an option of {key}" if key in AXES else "a plain value"
        advice = f"See: python -m runner list {key}" if key in AXES else "Name a key of it: limits.step_s"
        raise SpecError(f"{where}={value}: {expected} expected.", advice)
    return overrides.word(key, value)


def _cell(cell: Any, where: str) -> dict[str, str]:
    content = _mapping(cell, where, NAMES)
    if not content:
        raise SpecError(f"{where}: a cell without words.", "For instance: - {model: gru, backend: torch}")
    return {key: _word(key, value, f"{where}.{key}") for key, value in content.items()}


def _exclude(one: Any, where: str) -> Exclude:
    content = _mapping(one, where, NAMES)
    if not content:
        raise SpecError(f"{where}: an empty one leaves out every cell.", "For instance: - {model: gru, backend: torch}")
    return Exclude({key: value if isinstance(value, list) else [value] for key, value in content.items()})


def _check(experiment: Experiment, project: Path) -> None:
    """Every word names an option that is there; a word that many cells have is looked up once."""
    words = {word: f"axes.{key}" for key, values in experiment.axes.items() for word in values}
    words |= {word: "cells" for cell in experiment.cells for word in cell.values()}
    excluded = [pair for one in experiment.exclude for pair in one.wanted.items()]
    words |= {
        _word(key, value, f"{experiment.file}: sweep.exclude.{key}"): "exclude"
        for key, each in excluded
        for value in each
    }
    for word, where in words.items():
        try:
            overrides.check(overrides.parse([word]), project, sweeps=False)
        except SpecError as error:
            raise SpecError(f"{experiment.file}: sweep.{where}: {error.reason}", error.next_step) from error


def _at(values: Any, key: str) -> Any:
    """The value at a dotted key of a plain spec, an axis's being its option's name; `_NOWHERE` where there is none."""
    for step in key.split("."):
        values = values.get(step, _NOWHERE) if isinstance(values, Mapping) else _NOWHERE
    return values.get("name", _NOWHERE) if isinstance(values, Mapping) and key in AXES else values


_NOWHERE = object()
