"""What one spec's words came to when they were last composed: kept, so that the same words aren't composed again.

Composing takes Hydra, whose import and work are half of planning a run that is all there. What is kept lies under a
key of all that the composed values depend on: the words, and of every YAML file, of our own code and of Hydra the
place, size, inode and times. The time of a file's last change (ctime, inode(7)) is set by the system alone: what is
unpacked or copied from elsewhere never has that of a file here, so that nothing that somebody else composed is taken
for ours. Where a word or a file calls a function of OmegaConf's (`${oc.env:X}` reads the environment), nothing is kept.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import util
from itertools import chain, islice
from pathlib import Path
from typing import Any

from runner.core import hashing, project_paths
from runner.spec.yaml_files import BYTES

FILES = 2_000  # of configs: with more, looking at them is no gain
KEPT = 200  # compositions of a project, of some 5 kB each
FRESH_NS = 2 * 10**9  # a file may be changed twice within one tick of its file system's clock
FUNCTION = "oc."
COMPOSERS = ("hydra", "omegaconf", "antlr4", "yaml")


@dataclass(frozen=True)
class Composed:
    """Plain values (JSON), every interpolation resolved: those of a spec, of how its steps are run, and of what its run
    in MLflow bears."""

    spec: Mapping[str, Any]
    schedule: Mapping[str, Any]
    tracking: Mapping[str, Any]


def place(project: Path, words: Sequence[str]) -> Path | None:
    """The file for what `words` come to; None where nothing can be kept: there are no artifacts yet, files were
    changed a moment ago or can't be looked at, or there are too many."""
    folder = project_paths.home(project) / "artifacts"
    if not folder.is_dir():
        return None
    try:
        states = [_state(path) for path in islice(_files(project), FILES + 1)]
    except OSError:  # a link that leads nowhere, or an editor's file that has gone meanwhile
        return None
    newest = max((state[-1] for state in states), default=0)
    if len(states) > FILES or newest > time.time_ns() - FRESH_NS:
        return None
    key = hashing.digest([list(words), str(project), sys.version, states])
    return folder / ".composed" / f"{key[:32]}.json"


def _files(project: Path) -> Iterator[Path]:
    yield from _configs(project)
    ours = Path(__file__).parents[1]
    for room in ("core", "spec", "sweeps"):
        yield from sorted((ours / room).glob("*.py"))
    for name in COMPOSERS:
        spec = util.find_spec(name)
        yield from [Path(spec.origin)] if spec and spec.origin else []


def _configs(project: Path) -> Iterator[Path]:
    """Every file in a folder of options or experiments, as deep as Hydra looks for one."""
    for folder in (*project_paths.conf_folders(project), *project_paths.experiment_folders(project)):
        for above, folders, names in os.walk(folder, followlinks=True):
            folders.sort()
            yield from (Path(above, name) for name in sorted(names))


def _calls(project: Path, words: Sequence[str]) -> bool:
    """Whether a word or a file may call a function, which isn't a matter of words and files alone."""
    read = (path.read_text(errors="replace") for path in _configs(project) if path.suffix == ".yaml" and _small(path))
    return any(FUNCTION in text for text in chain(words, read))


def _small(path: Path) -> bool:
    """Whether it is a file that a config can be: no other was read when the words were composed."""
    return path.is_file() and path.stat().st_size <= BYTES


def _state(path: Path) -> tuple[str, int, int, int, int]:
    """What tells a file from one that was changed or put in its place."""
    found = path.stat()
    return str(path), found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def read(file: Path) -> Composed | None:
    """What is kept in `file`; None where nothing is, or nothing that is ours and whole."""
    try:
        with file.open(encoding="utf-8") as opened:
            if os.fstat(opened.fileno()).st_uid != os.getuid():
                return None
            found = json.load(opened)
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or {*found} != {"spec", "schedule", "tracking"}:
        return None
    return Composed(**found) if all(isinstance(part, dict) for part in found.values()) else None


def write(file: Path, composed: Composed, project: Path, words: Sequence[str]) -> None:
    """Keep in `file` what `words` came to, whole or not at all."""
    draft = file.with_name(f".{os.getpid()}")
    with suppress(OSError):  # a disk that is full is told by what needs it; the words are composed again, no more
        if _calls(project, words):
            return
        file.parent.mkdir(exist_ok=True)
        _make_room(file.parent)
        draft.write_text(json.dumps(asdict(composed)), encoding="utf-8")
        draft.replace(file)


def _make_room(folder: Path) -> None:
    """The older half goes where there are too many."""
    there = [*folder.glob("*.json")]
    if len(there) >= KEPT:
        for old in sorted(there, key=lambda path: path.stat().st_mtime_ns)[: KEPT // 2]:
            old.unlink(missing_ok=True)
