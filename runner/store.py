"""Artifacts: immutable folders under `artifacts/<step>/<first 16 digits of the key>/`.

Built in a temporary folder and renamed, so that nothing half-written is ever found; the first writer wins.
`pipeline/`, which DVC owns, is read as a second root, so that `dvc pull` feeds sweeps.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import keys
from runner.errors import StepFailed

SCHEMA = 1
NAME = "artifact.json"


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
    """The artifact with this key, from the store or from DVC's `pipeline/`; None where there is none."""
    folder = place(root, step, key)
    if (folder / NAME).is_file():
        found = read(folder)
        return found if found.key == key else None
    return next((artifact for artifact in _pulled(root, step) if artifact.key == key), None)


def read(folder: Path) -> Artifact:
    """The artifact in `folder`."""
    try:
        return Artifact(folder, json.loads((folder / NAME).read_text(encoding="utf-8")))
    except ValueError as error:
        raise StepFailed(f"{folder / NAME} is not JSON: {error}.", f"Remove {folder} and run again.") from error


def _pulled(root: Path, step: str) -> Iterator[Artifact]:
    for path in sorted((root / "pipeline" / step).glob(f"*/{NAME}")):
        yield read(path.parent)


def damage(artifact: Artifact) -> str:
    """What is wrong with an artifact's files (missing, or another hash than when they were written), or ""."""
    for name, facts in artifact.content["files"].items():
        path = artifact.folder / name
        if not path.is_file():
            return f"{path} is missing"
        if path.stat().st_size != facts["bytes"] or keys.file_hash(path) != facts["sha256"]:
            return f"{path} was changed after it was written (its hash differs)"
    return ""


def sound(root: Path, step: str, key: str, warn: Callable[[str], None]) -> Artifact | None:
    """`find`, but a damaged artifact of the store is set aside and counts as not there."""
    artifact = find(root, step, key)
    wrong = damage(artifact) if artifact else ""
    if not artifact or not wrong:
        return artifact
    if artifact.folder != place(root, step, key):
        raise StepFailed(f"{wrong}.", "Restore it: dvc checkout, or dvc pull.")
    aside = root / "artifacts" / ".damaged" / f"{step}-{key[:16]}-{time.time_ns()}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    artifact.folder.rename(aside)
    warn(f"{wrong}: set aside in {aside} and made again.")
    return find(root, step, key)


def scratch(root: Path, step: str, key: str) -> Path:
    """A folder that survives a kill, where a step resumes from; removed when the artifact is there."""
    folder = root / "artifacts" / ".scratch" / f"{step}-{key[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def draft(root: Path, step: str, key: str) -> Iterator[Path]:
    """An empty folder beside the artifact's place, removed at the end unless `finish` renamed it."""
    folder = root / "artifacts" / step / f".{key[:16]}.{os.getpid()}.{time.time_ns()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def finish(root: Path, folder: Path, content: Mapping[str, Any]) -> Artifact:
    """Seal a draft: hash its files, write `artifact.json`, rename it into its place. The first writer wins."""
    files = {
        str(path.relative_to(folder)): {"sha256": keys.file_hash(path), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    sealed = {"schema": SCHEMA, **content, "files": files}
    (folder / NAME).write_text(json.dumps(sealed, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    target = place(root, str(content["step"]), str(content["key"]))
    try:
        folder.rename(target)
    except OSError:
        if not (target / NAME).is_file():
            raise
    shutil.rmtree(scratch(root, str(content["step"]), str(content["key"])), ignore_errors=True)
    return read(target)


@contextmanager
def lock(root: Path, step: str, key: str) -> Iterator[None]:
    """Held while an artifact is made, so that two commands on one store make it once."""
    from filelock import FileLock

    folder = root / "artifacts" / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{step}-{key[:16]}.lock"):
        yield
