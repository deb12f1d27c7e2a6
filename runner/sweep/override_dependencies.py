"""Which parts of a spec a word of a command line can reach, read off the options' files.

`backend=openvino` reaches `backend`, and `hardware` and `precision`, which backends bring in their defaults lists.
What can't be read off a file for sure reaches every part: `None`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override

from runner.core import project_paths as projects
from runner.core.errors import SpecError
from runner.spec import options, yaml_files
from runner.spec.schema import AXES, NAMES

Parts = frozenset[str]
NO_PART = ("schedule",)
KEY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
BROUGHT = re.compile(r"/(\w+)@_global_\.(\w+)")  # in an option's defaults list
CHOSEN = re.compile(r"(?:override )?/?(\w+)")  # in those of config.yaml and of experiments


def of(override: Override, project: Path, experiments: Sequence[str] = ()) -> Parts | None:
    """The parts of a spec that `override` can change: none for the schedule's; None where it may be all.

    `experiments` are those that any cell of the command line applies.
    """
    key = override.key_or_group
    first = key.partition(".")[0]
    if first in NO_PART:
        return frozenset()
    if override.package is not None or not KEY.fullmatch(key) or first not in NAMES:
        return None
    if is_group(key, project):
        return of_axis(key, project) if key in AXES and _plain_roots(project, experiments) else None
    return frozenset({first})


def is_group(key: str, project: Path) -> bool:
    """Whether Hydra takes `key=…` for the choice of an option."""
    return key == "experiment" or any((folder / key).is_dir() for folder in projects.conf_folders(project))


def of_axis(axis: str, project: Path, seen: Parts = frozenset()) -> Parts | None:
    """The parts that the choice of any option of `axis` reaches: its own, and those of the axes it may bring.

    All options count, not only the chosen one: choosing another takes away what an option brings.
    """
    reached = seen | {axis}
    for name in options.names(axis, project):
        brought = _brought(options.file(axis, name, project))
        if brought is None:
            return None
        for other in brought - reached:
            more = of_axis(other, project, reached)
            if more is None:
                return None
            reached |= more
    return reached


def _brought(path: Path) -> Parts | None:
    """The axes in an option's defaults list; None for a list or a header that does more than name options of axes."""
    try:
        file = yaml_files.load(path)
    except SpecError:  # it stops the command that chooses it, and no other
        return None
    if file.package is not None:
        return None
    found: set[str] = set()
    for entry in file.content.get("defaults", []):
        if entry == "_self_" or (isinstance(entry, str) and entry.isidentifier()):  # another option of the same axis
            continue
        axis = _axis(entry)
        if axis is None:
            return None
        found.add(axis)
    return frozenset(found)


def _plain_roots(project: Path, experiments: Sequence[str]) -> bool:
    """Whether config.yaml and the experiments choose options by name alone: `- train: ${model}` would tie two axes."""
    files = [folder / "config.yaml" for folder in projects.conf_folders(project)]
    known = projects.experiments(project)
    roots = [next(file for file in files if file.is_file()), *(known[name] for name in experiments)]
    return all(_chooses(entry) for root in roots for entry in options.load_yaml(root).get("defaults", []))


def _chooses(entry: Any) -> bool:
    if entry == "_self_":
        return True
    if not isinstance(entry, Mapping) or len(entry) != 1:
        return False
    ((group, option),) = entry.items()
    named = option is None or (isinstance(option, str) and option.isidentifier())
    return named and CHOSEN.fullmatch(str(group)) is not None


def _axis(entry: Any) -> str | None:
    """`{"/data@_global_.data": "co2"}` brings data."""
    if not isinstance(entry, Mapping) or len(entry) != 1:
        return None
    ((group, option),) = entry.items()
    match = BROUGHT.fullmatch(str(group))
    plain = isinstance(option, str) and option.isidentifier()
    return match[1] if match and plain and match[1] == match[2] and match[1] in AXES else None
