"""From an option's name to the module that implements it: ours by folder, third parties' by entry point.

A package of somebody else's registers `[project.entry-points."runner.backends"]  mynpu = "my_package.mynpu"`
(likewise `runner.models`, `runner.data`, `runner.compression`, `runner.measure.scenarios`) and has its YAML in `conf/`
beside that module: `my_package/mynpu/conf/backend/mynpu.yaml`.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from importlib import util
from pathlib import Path
from types import ModuleType

from runner.core.errors import SpecError, nearest

PACKAGES = {
    "model": "runner.models",
    "data": "runner.data",
    "compression": "runner.compression",
    "backend": "runner.backends",
    "scenario": "runner.measure.scenarios",
}

METRICS = "runner.metrics"  # functions that score a user's model: `worst = "my_package.metrics:worst"`
GROUPS = (*PACKAGES.values(), METRICS)

# What a module of each axis has at least (docs/architecture.md).
OFFERS = {
    "model": ("Settings", "TASKS", "PROVIDES", "data_needs"),
    "data": ("Settings", "TASK", "make"),
    "compression": ("Settings",),
    "backend": ("BACKEND",),
    "scenario": ("Settings", "check", "take_turns", "effect", "level", "unpublishable"),
}


@lru_cache(maxsize=None)  # noqa: UP033 - Python 3.8: it travels
def module(axis: str, name: str) -> str:
    """The dotted module of option `name` of `axis`. Raises SpecError where nobody provides it."""
    if not name.isidentifier():
        raise SpecError(f"{axis}={name}: not a name.", "Names are letters, digits and underscores.")
    ours = f"{PACKAGES[axis]}.{name}"
    if util.find_spec(ours) is not None:
        return ours
    found = entry_points(PACKAGES[axis]).get(name)
    if found is None:
        if meant := nearest(name, _provided(axis)):
            raise SpecError(f"{axis}.name={name}: no such one.{meant}", f"Choose one: python -m runner list {axis}")
        raise SpecError(
            f"{axis}={name} has a YAML but no module {ours} and no entry point in `{PACKAGES[axis]}`.",
            f"Write {ours.replace('.', '/')}, or install the package that provides it.",
        )
    return found


def _provided(axis: str) -> list[str]:
    """The names of what may implement an option: our modules and what packages register."""
    folder = Path(__file__).parents[1].joinpath(*PACKAGES[axis].split(".")[1:])
    ours = [path.stem for path in folder.iterdir() if not path.name.startswith("_")]
    return [*ours, *entry_points(PACKAGES[axis])]


def load(axis: str, name: str) -> ModuleType:
    """The imported module of an option; light by rule (no torch, onnx, openvino at its top).

    Raises SpecError where it is none of that axis, naming the module and what it lacks or why it can't be imported.
    """
    found = module(axis, name)
    try:
        loaded = importlib.import_module(found)
    except Exception as error:  # somebody else's module may raise anything
        reason = f"{axis}={name}: {found} can't be imported: {type(error).__name__}: {error}"
        raise SpecError(reason, "Mend it, or choose another option.") from error
    lacks = [attribute for attribute in OFFERS[axis] if not hasattr(loaded, attribute)]
    if lacks:
        reason = f"{axis}={name}: {found} is no {axis}: it has no {', '.join(lacks)} ({loaded.__file__})."
        raise SpecError(reason, f"Choose one: python -m runner list {axis}")
    return loaded


def entry_points(group: str) -> dict[str, str]:
    """`{name: dotted module}` of what installed packages register in `group`, one of GROUPS."""
    return registered()[group]


@lru_cache(maxsize=None)  # noqa: UP033 - Python 3.8: it travels
def registered() -> dict[str, dict[str, str]]:
    """What installed packages register in each of GROUPS: their files are read once (8 ms), not for each."""
    from importlib import metadata

    every = metadata.entry_points()
    chosen = every.select if hasattr(every, "select") else lambda group: every.get(group, ())  # Python 3.8: it travels
    return {group: {one.name: one.value for one in chosen(group=group)} for group in GROUPS}


@lru_cache(maxsize=None)  # noqa: UP033 - Python 3.8: it travels
def carried() -> tuple[Path, ...]:
    """The `conf/` folders beside the modules that installed packages register. Nothing of theirs is imported."""
    modules = [module for group in PACKAGES.values() for module in entry_points(group).values()]
    folders = [folder / "conf" for module in modules for folder in _folders(module)]
    return tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def _folders(module: str) -> list[Path]:
    """Where the package `module` lies; only its top is looked up, as find_spec would import a submodule's parents."""
    top, *rest = module.split(".")
    spec = util.find_spec(top) if top.isidentifier() else None
    return [Path(folder, *rest) for folder in (spec.submodule_search_locations or () if spec else ())]
