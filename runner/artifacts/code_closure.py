"""The code that a step runs: its modules, and all that they import from the same packages, ours or a plug-in's."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import util
from pathlib import Path

from runner.artifacts import source_fingerprint
from runner.core import hashing

# Rooms that change no output: what goes wrong, in which words, and which module a name means (which is in the key).
CONTRACT = frozenset({"runner.core.advice", "runner.core.errors", "runner.core.registry"})


def look_again() -> None:
    """Forget what was read where a source was edited since: a process that lives on, such as a notebook, must not plan
    with the code of an hour ago."""
    if source_fingerprint.edited():
        for remembered in (code, _file, source_fingerprint.read):
            remembered.cache_clear()


@cache
def code(modules: tuple[str, ...]) -> str:
    """A hash of the closure of `modules`, which no comment, docstring or wording of an error changes."""
    found = {name: path for name, path in closure(modules).items() if name not in CONTRACT}
    return hashing.digest({name: source_fingerprint.read(name, path).fingerprint for name, path in found.items()})


def imported(modules: list[str]) -> str:
    """`code` of a list, for a worker to say what it runs: what it has read once it doesn't read again."""
    return code(tuple(modules))


def closure(modules: Iterable[str]) -> dict[str, Path]:
    """`{module: file}` of `modules`, the packages they lie in and all that they import from the same packages,
    inside functions too."""
    found: dict[str, Path] = {}
    todo = [part for name in modules for part in _with_parents(name)]
    while todo:
        name = todo.pop()
        path = _file(name)
        # runner/__init__.py only opens a lazy door to the API: following it would put every room into every key.
        if name in found or path is None or name == "runner":
            continue
        found[name] = path
        todo.extend(part for used in source_fingerprint.read(name, path).imports for part in _with_parents(used))
    source_fingerprint.keep()
    return dict(sorted(found.items()))


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


@cache
def _file(name: str) -> Path | None:
    """A module's file, or None; only the top package is looked up, as find_spec would import a submodule's parents."""
    top, *rest = name.split(".")
    spec = util.find_spec(top)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    bases = [Path(folder, *rest) for folder in spec.submodule_search_locations or ()]
    files = [file for base in bases for file in (base / "__init__.py", base.with_suffix(".py"))]
    return next((file for file in files if file.is_file()), None)
