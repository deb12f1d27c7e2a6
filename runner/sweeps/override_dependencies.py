"""Which parts of a spec a word of a command line can reach, read off the options' files.

`backend=openvino` reaches `backend`, and `hardware` and `precision`, which backends bring in their defaults lists;
`model=file` reaches `precision`, too, in whose place it puts another, and `model=gru` doesn't.
What can't be read off a file for sure reaches every part: `None`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override

from runner.core import project_paths as projects
from runner.core.errors import SpecError
from runner.spec import options, yaml_files
from runner.spec.schema import AXES, BESIDE, NAMES

Parts = frozenset[str]
KEY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
BROUGHT = re.compile(r"(override )?/(\w+)@_global_\.(\w+)")  # in an option's defaults list
CHOSEN = re.compile(r"(?:override )?/?(\w+)")  # in those of config.yaml and of experiments


def parts_reached(override: Override, project: Path, experiments: Sequence[str] = ()) -> Parts | None:
    """The parts of a spec that `override` can change: none for one of `BESIDE`; None where it may be all.

    `experiments` are those that any cell of the command line applies.
    """
    key = override.key_or_group
    first = key.partition(".")[0]
    if first in BESIDE:
        return frozenset()
    if override.package is not None or not KEY.fullmatch(key) or first not in NAMES:
        return None
    if is_group(key, project):
        roots = _roots(project, experiments)
        plain = key in AXES and all(_chooses(entry) for entry in roots)
        return _of_choice(key, {str(override.value()), *_chosen(key, roots)}, project) if plain else None
    return frozenset({first})


def is_group(key: str, project: Path) -> bool:
    """Whether Hydra takes `key=…` for the choice of an option."""
    return key == "experiment" or any((folder / key).is_dir() for folder in projects.conf_folders(project))


def _of_choice(axis: str, names: Iterable[str], project: Path) -> Parts | None:
    """What the choice of an option reaches; `names` are that one and those in whose place it may come, whose
    replacements of other axes' options come or go with it."""
    reached = of_axis(axis, project)
    replaced = [_replaced(axis, name, project) for name in names if name in options.names(axis, project)]
    return None if reached is None else reached.union(*replaced)


def _replaced(axis: str, name: str, project: Path) -> Parts:
    """The axes whose options an option replaces, by itself or by another option that it includes."""
    found: Parts = frozenset()
    for entry in _defaults(options.file(axis, name, project)):
        if isinstance(entry, str) and entry in options.names(axis, project) and entry != name:
            found |= _replaced(axis, entry, project)
        elif (brought := _axis(entry)) and brought[1]:
            found |= {brought[0]}
    return found


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
        if not axis[1]:
            found.add(axis[0])
    return frozenset(found)


def _defaults(path: Path) -> list[Any]:
    """An option's defaults list; none of a file that can't be read, which stops the command that chooses it."""
    try:
        return list(yaml_files.load(path).content.get("defaults", []))
    except SpecError:
        return []


def _roots(project: Path, experiments: Sequence[str]) -> list[Any]:
    """What the defaults lists of config.yaml and of the experiments choose."""
    files = [folder / "config.yaml" for folder in projects.conf_folders(project)]
    known = projects.experiments(project)
    roots = [next(file for file in files if file.is_file()), *(known[name] for name in experiments)]
    return [entry for root in roots for entry in options.load_yaml(root).get("defaults", [])]


def _chosen(axis: str, roots: Sequence[Any]) -> list[str]:
    """The options of an axis that they choose."""
    entries = [next(iter(entry.items())) for entry in roots if isinstance(entry, Mapping)]
    return [str(option) for group, option in entries if (match := CHOSEN.fullmatch(str(group))) and match[1] == axis]


def _chooses(entry: Any) -> bool:
    """Whether it chooses an option by name alone: `- train: ${model}` would tie two axes."""
    if entry == "_self_":
        return True
    if not isinstance(entry, Mapping) or len(entry) != 1:
        return False
    ((group, option),) = entry.items()
    named = option is None or (isinstance(option, str) and option.isidentifier())
    return named and CHOSEN.fullmatch(str(group)) is not None


def _axis(entry: Any) -> tuple[str, bool] | None:
    """`{"/data@_global_.data": "co2"}` brings data; with `override` before it, it comes in the place of another's."""
    if not isinstance(entry, Mapping) or len(entry) != 1:
        return None
    ((group, option),) = entry.items()
    match = BROUGHT.fullmatch(str(group))
    plain = isinstance(option, str) and option.isidentifier()
    return (match[2], bool(match[1])) if match and plain and match[2] == match[3] and match[2] in AXES else None
