"""A sweep's cells, composed part by part: 1,000 cells are a few dozen parts in many combinations.

Hydra takes tens of milliseconds a cell. Here it composes each part of a spec (its top-level keys: `model`, `data`, …)
once for every set of words that can reach it (`override_dependencies.py`), and a cell is the parts that its words lead
to. Own code does one thing alone: it puts a plain value in the place of another (`model.hidden=64`). Words that add or
delete keys or set mappings are Hydra's within their part, and Hydra composes the whole cell where

- it refuses a part: the cell's words may belong together, and if they don't, its error is the true one;
- a value's place is not there, or holds a mapping;
- a part is missing, or there is one that no spec has.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner.spec import hydra_compose, interpolations, overrides, schema
from runner.sweeps import override_dependencies


@dataclass(frozen=True)
class Cell:
    """One cell, by the names of a spec's parts: plain values, and the checked parts that they make."""

    values: Mapping[str, Any]
    checked: Mapping[str, Any]


@dataclass(frozen=True)
class Word:
    """One override: the parts that it can reach (None: all), and where and what it sets if that is a plain value."""

    text: str
    override: Override
    reaches: override_dependencies.Parts | None
    chooses: bool  # an option, not a value
    path: tuple[str, ...] = ()
    value: Any = None


@dataclass(frozen=True)
class Part:
    """One part of some cells, unresolved: with an interpolation it needs the other parts before it can be checked."""

    name: str
    values: Any
    interpolates: bool

    @cached_property
    def checked(self) -> Any:
        """The part of a spec. Raises SpecError."""
        return schema.part(self.name, self.values)


class _AskHydraError(Exception):
    """This cell has to be composed as a whole."""


@dataclass(frozen=True)
class Composer:
    """The composing of one sweep, and all that came of it so far."""

    loader: hydra_compose.Loader
    project: Path
    experiments: Sequence[str] = ()
    words: dict[str, Word] = field(default_factory=dict)
    reached: dict[str, override_dependencies.Parts | None] = field(default_factory=dict)
    composed: dict[tuple[str, ...], Mapping[str, Any] | None] = field(default_factory=dict)
    parts: dict[tuple[str, ...], Part] = field(default_factory=dict)

    def cell(self, texts: Sequence[str]) -> Cell:
        """The cell that the words `texts` name, each of its parts checked. Raises SpecError and Hydra's errors."""
        words = [self._word(text) for text in texts]
        try:
            self._composed([word for word in words if word.reaches == frozenset()])  # wrong ones are still refused
            parts = {name: self._part(name, words) for name in schema.NAMES}
            values = {name: part.values for name, part in parts.items()}
            if any(part.interpolates for part in parts.values()):
                return _checked(_resolved(values))
        except _AskHydraError:
            return _checked(hydra_compose.plain(hydra_compose.compose(self.loader, [word.override for word in words])))
        return Cell(values, {name: part.checked for name, part in parts.items()})

    def _word(self, text: str) -> Word:
        if text not in self.words:
            self.words[text] = self._read(text)
        return self.words[text]

    def _read(self, text: str) -> Word:
        (override,) = overrides.parse([text])
        key, value = override.key_or_group, override.value()
        chooses = override_dependencies.is_group(key, self.project) and not isinstance(value, dict)
        about = text if chooses else override.get_key_element()  # options of one axis don't reach alike
        if about not in self.reached:
            self.reached[about] = override_dependencies.parts_reached(override, self.project, self.experiments)
        reaches = self.reached[about]
        sets = override.type is OverrideType.CHANGE and reaches is not None and not chooses and _is_plain(value)
        return Word(text, override, reaches, chooses, tuple(key.split(".")) if sets else (), value)

    def _part(self, name: str, words: Sequence[Word]) -> Part:
        keys = {word.override.key_or_group for word in words if word.reaches is None or name in word.reaches}
        mine = [word for word in words if word.override.key_or_group in keys]  # of two options the later one counts
        key = (name, *(word.text for word in mine))
        if key not in self.parts:
            values = self._values(name, mine)
            self.parts[key] = Part(name, values, _interpolates(values))
        return self.parts[key]

    def _values(self, name: str, words: Sequence[Word]) -> Any:
        """The values of a part: options and odd words by Hydra, then plain values in their order."""
        hydras = [word for word in words if not word.path]
        found = self._composed(hydras)
        if not all(word.chooses for word in hydras):
            return self._one(self._composed(words), name)  # the order may matter
        values = copy.deepcopy(self._one(found, name))
        for word in words:
            if word.path:
                values = _put(values, word.path[1:], word.value)
        return values

    def _one(self, found: Mapping[str, Any], name: str) -> Any:
        if found.get(name) is None:
            raise _AskHydraError
        return found[name]

    def _composed(self, words: Sequence[Word]) -> Mapping[str, Any]:
        """Every part that Hydra makes of the words, unresolved."""
        key = tuple(word.text for word in words)
        if key not in self.composed:
            self.composed[key] = self._by_hydra([word.override for word in words])
        found = self.composed[key]
        if found is None:
            raise _AskHydraError
        return found

    def _by_hydra(self, given: Sequence[Override]) -> Mapping[str, Any] | None:
        try:
            config = hydra_compose.ours(hydra_compose.compose(self.loader, given))
        except (HydraException, OmegaConfBaseException):
            return None
        if not set(config) <= set(schema.NAMES):
            return None
        parts: Any = OmegaConf.to_container(config, resolve=False)
        return dict(parts)


def _put(values: Any, path: Sequence[str], value: Any) -> Any:
    """`values` with `value` in the place of the plain one at `path`."""
    if not path:
        if isinstance(values, Mapping):
            raise _AskHydraError
        return value
    if not isinstance(values, dict) or path[0] not in values:
        raise _AskHydraError
    values[path[0]] = _put(values[path[0]], path[1:], value)
    return values


def _is_plain(value: Any) -> bool:
    """What stands in a config as it stands on the command line: a scalar, or a list of scalars."""
    if isinstance(value, list):
        return all(_is_plain(item) and not isinstance(item, list) for item in value)
    return value is None or (isinstance(value, (str, int, float, bool)) and value != "???")


def _interpolates(values: Any) -> bool:
    """Whether Hydra still has to resolve something: an interpolation, or a value that is missing."""
    if isinstance(values, Mapping):
        return any(_interpolates(item) for item in values.values())
    if isinstance(values, list):
        return any(_interpolates(item) for item in values)
    return isinstance(values, str) and ("${" in values or values == "???")


def _resolved(values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return interpolations.resolved(OmegaConf.create(dict(values)))
    except OmegaConfBaseException as error:
        raise _AskHydraError from error


def _checked(values: Mapping[str, Any]) -> Cell:
    schema.check_names(values)
    return Cell(values, {name: schema.part(name, values[name]) for name in schema.NAMES})
