"""Interpolations (`${train.epochs}`) whose resolving would have no end: counted before OmegaConf resolves any.

`a: ${b}${b}`, `b: ${c}${c}`, … is an alias bomb that a YAML file's own bounds don't see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from runner.core.errors import SpecError
from runner.core.foreign_text import line

FUNCTIONS = ("oc.env", "oc.select", "oc.decode", "oc.dict.keys", "oc.dict.values")  # oc.create expands YAML's aliases
CHARACTERS = 10_000_000  # of all values, resolved
WHICH = "Mend it, or write out what it stands for (docs/specs.md)."
NESTED = 10  # references whose name holds another, `${options.${name}}`, of which it can't be said what they name
OPEN = re.compile(r"\$\{")
CALLED = re.compile(r"\$\{\s*([\w.]+)\s*:")
NAMED = re.compile(r"\$\{\s*(?:oc\.[\w.]+\s*:\s*)?([\w.\-\[\]/]+)\s*(?:,[^${}]*)?\}")


def resolved(config: DictConfig, part: str = "") -> dict[str, Any]:
    """The plain values of a composed config, or of one part of it.

    Raises SpecError, with the key, where one can't be resolved, or has no value.
    """
    bare: Any = OmegaConf.to_container(config, resolve=False)
    check(bare)
    wanted = config[part] if part else config
    try:
        values: Any = OmegaConf.to_container(wanted, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise next(_faults(wanted, part), error) from error
    return dict(values)


def _faults(config: Container, where: str) -> Iterator[SpecError]:
    """What is wrong with each value below `where`."""
    for key in range(len(config)) if isinstance(config, ListConfig) else config:
        at = f"{where}.{key}".removeprefix(".")
        try:
            value = config[key]
        except MissingMandatoryValue:
            yield SpecError(f"{at} has no value.", f"Set it: {at}=…")
        except OmegaConfBaseException as error:
            said = re.sub(r"\w+ raised while resolving interpolation: ", "", next(iter(str(error).splitlines()), ""))
            bare: Any = OmegaConf.to_container(config, resolve=False)
            yield SpecError(
                f"{at}={line(bare[key], 200)}: can't be resolved: {line(said, 200) or 'no end of it'}.", WHICH
            )
        else:
            if isinstance(value, Container) and not OmegaConf.is_interpolation(config, key):
                yield from _faults(value, at)


def check(values: Mapping[str, Any]) -> None:
    """Raises SpecError where unresolved plain `values` call what isn't there, are a circle, or take too much."""
    sizes = _Sizes(values)
    if sizes.of(values, ()) == inf:
        raise SpecError(f"{_name(sizes.circle)}: its interpolation comes back to itself.", "Give it a value.")
    if sizes.odd:
        raise SpecError(f"{sizes.odd}: none of {', '.join(FUNCTIONS)}.", WHICH)
    if sizes.of(values, ()) > CHARACTERS or sizes.nested > NESTED:
        raise SpecError("Its interpolations stand for too much.", "Write out what they stand for.")


@dataclass
class _Sizes:
    """How much each value comes to, every interpolation resolved; infinite in a circle."""

    root: Mapping[str, Any]
    nested: int = 0
    circle: tuple[str, ...] = ()
    odd: str = ""
    known: dict[tuple[str, ...], float] = field(default_factory=dict)

    def of(self, value: Any, path: tuple[str, ...]) -> float:
        """The size of the value at `path`."""
        if path not in self.known:
            self.known[path] = inf
            self.known[path] = self._size(value, path)
            if self.known[path] == inf and not self.circle:
                self.circle = path
        return self.known[path]

    def _size(self, value: Any, path: tuple[str, ...]) -> float:
        if isinstance(value, Mapping):
            return 1 + sum(self.of(item, (*path, str(key))) for key, item in value.items())
        if isinstance(value, list):
            return 1 + sum(self.of(item, (*path, str(at))) for at, item in enumerate(value))
        if not isinstance(value, str) or "${" not in value:
            return 1 + len(value) if isinstance(value, str) else 1
        if {*CALLED.findall(value)} - {*FUNCTIONS}:
            self.odd = self.odd or f"{_name(path)}={line(value, 200)}"
        names = NAMED.findall(value)
        self.nested += len(OPEN.findall(value)) - len(names)
        return len(value) + sum(self._named(name, path) for name in names)

    def _named(self, name: str, path: tuple[str, ...]) -> float:
        """The size of what a reference in the value at `path` names: `.x` is beside it, `..x` one level up."""
        bare = name.lstrip(".")
        up = len(name) - len(bare)
        start = path[: len(path) - up] if up else ()
        here: Any = self.root
        for at, step in enumerate(steps := (*start, *filter(None, re.split(r"[.\[\]]", bare)))):
            if isinstance(here, list) and step.isdigit() and int(step) < len(here):
                here = here[int(step)]
            elif isinstance(here, Mapping) and step in here:
                here = here[step]
            else:  # not there, or inside what another reference names
                return self.of(here, steps[:at]) if isinstance(here, str) else 1
        return self.of(here, steps)


def _name(path: tuple[str, ...]) -> str:
    return ".".join(path) or "A value"
