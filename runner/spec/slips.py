"""The commonest slip, an option's name misspelt, told before anything heavy is imported.

`spec/overrides.py` checks every word; importing Hydra's grammar for that takes longer than all else that a slip needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runner.core import advice, project_paths


def check(words: Iterable[str], project: Path) -> None:
    """Raises SpecError for a plain `axis=option` of which there is no YAML, as `overrides.check` does."""
    for word in words:
        axis, _, name = word.partition("=")
        if axis.isidentifier() and advice.plain(name) and not _ours(axis, name, project):
            _look_everywhere(axis, name, project)


def _ours(axis: str, name: str, project: Path) -> bool:
    """Whether the project or we have the option: packages, which may, are read only for names that we don't know."""
    folders = (project / "conf", project_paths.shipped("conf"))
    return any((folder / axis / f"{name}.yaml").is_file() for folder in folders)


def _look_everywhere(axis: str, name: str, project: Path) -> None:
    from runner.spec import options
    from runner.spec.schema import GROUPS

    if axis in GROUPS:
        options.file(axis, name, project)
