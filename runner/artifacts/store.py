"""Artifacts: immutable folders under `artifacts/<step>/<first 16 digits of the key>/`.

Built in a temporary folder, synced and renamed, so that nothing half-written is ever found; the first writer wins.
`pipeline/`, which DVC owns, is read as a second root, so that `dvc pull` feeds sweeps.

How closely is looked: a plan takes an artifact for there when its files are, at their sizes (`find`); whoever *uses*
one has every file's hash checked before (`sound`), once in each process. There is no cache of hashes on disk: it would
take a file that was damaged and kept its size and times for whole.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.artifacts import artifact_form
from runner.core import durable_files, hashing
from runner.core.errors import StepFailed

if TYPE_CHECKING:
    from filelock import FileLock

SCHEMA = 1
NAME = "artifact.json"
DVC_KEY = "key"  # what DVC's copy has beside it


@dataclass(frozen=True)
class Artifact:
    """A finished artifact: its folder and the content of its `artifact.json`."""

    folder: Path
    content: Mapping[str, Any]

    @property
    def key(self) -> str:
        return str(self.content["key"])

    @property
    def meta(self) -> Mapping[str, Any]:
        meta: Mapping[str, Any] = self.content["meta"]
        return meta


def place(root: Path, step: str, key: str) -> Path:
    """Where the artifact of `step` with `key` lies, or would lie."""
    return root / "artifacts" / step / key[:16]


def find(root: Path, step: str, key: str) -> Artifact | None:
    """The artifact with this key, from the store or from DVC's `pipeline/`, whose files are there at their sizes;
    None where there is none. A glance for planning: `sound` looks at every byte."""
    folder = place(root, step, key)
    if not folder.exists():
        return _pulled(root, step, key)
    with suppress(StepFailed):  # it will be set aside, and said, by whoever wants to use it
        found = read(folder)
        return found if found.key == key and not missing(found) else None
    return None


def read(folder: Path) -> Artifact:
    """The artifact in `folder`. Raises StepFailed where its `artifact.json` is not what was sealed."""
    wrong = ""
    try:
        if not (folder / NAME).is_file():  # a named pipe would be waited for without end
            raise FileNotFoundError
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if content["seal"] != _seal(content):
            wrong = "was changed after it was written (its seal differs)"
        elif place := artifact_form.fault(content):
            wrong = f"is no artifact's description ({place} is missing, or can't be right)"
    except FileNotFoundError:
        wrong = "is missing"
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        wrong = f"is no artifact's description ({error})"
    if wrong:
        raise StepFailed(f"{folder / NAME} {wrong}.", f"Remove {folder} and run again.")
    return Artifact(folder, content)


def _seal(content: Mapping[str, Any]) -> str:
    """The hash of all that `artifact.json` says."""
    return hashing.digest({name: value for name, value in content.items() if name != "seal"})


def _pulled(root: Path, step: str, key: str) -> Artifact | None:
    """The artifact with this key in DVC's folder. Raises StepFailed for one that is not as it was exported."""
    for path in sorted((root / "pipeline" / step).glob(f"*/{NAME}")):
        with _dvc_restores():
            artifact = read(path.parent)
        if artifact.key == key:
            return artifact
    return None


@contextmanager
def _dvc_restores() -> Iterator[None]:
    try:
        yield
    except StepFailed as error:
        raise StepFailed(error.reason, "Restore it: dvc checkout, or dvc pull.") from error


def missing(artifact: Artifact) -> str:
    """Which file an artifact lacks at a glance, or has at another size; "" where all are there."""
    for name, facts in artifact.content["files"].items():
        path = artifact.folder / name
        if not path.is_file():
            return f"{path} is missing"
        if path.stat().st_size != facts["bytes"]:
            return f"{path} was changed after it was written (its size differs)"
    return ""


# Files whose hash was right, by path, inode, size and ctime (nobody can set that): each is read once in a process.
_checked: set[tuple[str, int, int, int]] = set()


def damage(artifact: Artifact) -> str:
    """What is wrong with an artifact's files (missing, added, or another hash than when they were written), or ""."""
    wrong = missing(artifact) or _added(artifact)
    for name, facts in {} if wrong else artifact.content["files"].items():
        path = artifact.folder / name
        stat = path.stat()
        seen = (str(path), stat.st_ino, stat.st_size, stat.st_ctime_ns)
        if seen not in _checked and hashing.file_hash(path) != facts["sha256"]:
            return f"{path} was changed after it was written (its hash differs)"
        _checked.add(seen)
    return wrong


def _added(artifact: Artifact) -> str:
    """Which file was put into an artifact's folder later: a runtime may read it; "" where there is none."""
    known = {NAME, DVC_KEY, *artifact.content["files"]}
    there = (path for path in sorted(artifact.folder.rglob("*")) if not path.is_dir() or path.is_symlink())
    odd = next((path for path in there if path.relative_to(artifact.folder).as_posix() not in known), None)
    return f"{odd} was put there after it was written" if odd else ""


def sound(root: Path, step: str, key: str, warn: Callable[[str], None]) -> Artifact | None:
    """The artifact with this key, every byte as it was sealed. A damaged one of the store is set aside and counts as
    not there. Raises StepFailed for a damaged one of DVC's."""
    folder = place(root, step, key)
    if folder.exists() and _wrong(folder):
        _set_aside_once(root, step, key, warn)
    if folder.exists():
        found = read(folder)
        return found if found.key == key else None
    pulled = _pulled(root, step, key)
    with _dvc_restores():
        if pulled and (wrong := damage(pulled)):
            raise StepFailed(f"{wrong}.")
    return pulled


def _wrong(folder: Path) -> str:
    try:
        return damage(read(folder))
    except StepFailed as error:
        return error.reason.removesuffix(".")


def _set_aside_once(root: Path, step: str, key: str, warn: Callable[[str], None]) -> None:
    """Under the lock, where another command may have set it aside and made it again meanwhile."""
    folder = place(root, step, key)
    with lock(root, step, key):
        if folder.exists() and (wrong := _wrong(folder)):
            warn(f"{wrong}: set aside in {_set_aside(root, folder)} and made again.")


def _set_aside(root: Path, folder: Path) -> Path:
    aside = root / "artifacts" / ".damaged" / f"{folder.parent.name}-{folder.name}-{time.time_ns()}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.move(folder, aside))  # `artifacts/<step>` may lie on another disk


def scratch(root: Path, step: str, key: str) -> Path:
    """A folder that survives a kill, where a step resumes from; removed when the artifact is there."""
    folder = root / "artifacts" / ".scratch" / f"{step}-{key[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def draft(root: Path, step: str, key: str) -> Iterator[Path]:
    """An empty folder beside the artifact's place, removed at the end unless `finish` renamed it."""
    folder = root / "artifacts" / step / f".{key[:16]}.{os.getpid()}.{time.time_ns()}"
    durable_files.make_folder(folder.parent)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def finish(root: Path, folder: Path, content: Mapping[str, Any]) -> Artifact:
    """Seal a draft: hash its files, write `artifact.json`, rename it into its place. The first writer wins.

    When this returns, the artifact is on disk: a power cut leaves it whole.
    """
    files = {
        path.relative_to(folder).as_posix(): {"sha256": hashing.file_hash(path), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    # As it will be read: JSON makes text of a mapping's numbers, and sorts them as such.
    sealed = json.loads(json.dumps({"schema": SCHEMA, **content, "files": files}, allow_nan=False))
    sealed["seal"] = _seal(sealed)
    (folder / NAME).write_text(json.dumps(sealed, indent=1) + "\n", encoding="utf-8")
    durable_files.sync_tree(folder)
    target = place(root, str(content["step"]), str(content["key"]))
    try:
        durable_files.rename(folder, target)
    except OSError:
        if not target.exists():
            raise
        if _wrong(target):
            _set_aside(root, target)
            durable_files.rename(folder, target)
    shutil.rmtree(scratch(root, str(content["step"]), str(content["key"])), ignore_errors=True)
    return read(target)


@contextmanager
def lock(root: Path, step: str, key: str) -> Iterator[None]:
    """Held while an artifact is made, so that two commands on one store make it once; again inside itself, too.

    The kernel gives it back when its process ends, in whatever way (flock(2)): a lock's file says nothing.
    """
    with lock_of(root, step, key):
        yield


def lock_of(root: Path, step: str, key: str) -> FileLock:
    """The lock, not yet held. One object a path and process, each thread with a hold of its own."""
    from filelock import FileLock

    folder = root / "artifacts" / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{step}-{key[:16]}.lock", is_singleton=True)
