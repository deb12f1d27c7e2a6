"""What the store holds that nothing needs any more: artifacts of no record and no DVC stage, what kills left behind.

Needed is what a record, DVC's `keys.yaml` or its `pipeline/` (those of DVC's running experiments too), or a command
that runs now names, and all that it was made from. A step in the making holds its lock; a log stays as long as a record
names it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.artifacts import leases, store
from runner.core import project_paths
from runner.core.errors import SpecError, StepFailed
from runner.core.forms import sha256
from runner.results import records
from runner.results.records import Record
from runner.spec import options

DIGITS = 16  # of a key in the names of folders


@dataclass(frozen=True)
class Item:
    """Something in the store. `kind` is `artifact`, `draft`, `scratch`, `damaged`, `log`, `lease` or `removed`; `why`
    is what needs it, or why nothing does; `bytes` is its size on disk by its files."""

    path: Path
    kind: str
    title: str
    bytes: int
    needed: bool
    why: str


@contextmanager
def survey(root: Path) -> Iterator[list[Item]]:
    """Everything in the store, and what needs it. Inside no command begins to use any of it.

    Raises StepFailed for a record and SpecError for a `keys.yaml` that can't be read: what they need isn't known.
    """
    with leases.exclusive(root):
        every = records.read_all(root)
        running = {key[:DIGITS]: who for key, who in leases.in_use(root).items()}
        yield [
            *_artifacts(root, _needed(root, every, running)),
            *_begun(root, running),
            *_left(root),
            *_logs(root, every, running),
        ]


def remove(root: Path, items: list[Item]) -> None:
    """Remove what is not needed. An artifact is moved out of its place before: a kill leaves none half there."""
    for item in items:
        if item.needed:
            continue
        if not item.path.is_dir():
            item.path.unlink(missing_ok=True)
            continue
        aside = root / "artifacts" / ".removed" / f"{item.path.name}-{time.time_ns()}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(shutil.move(item.path, aside))  # a folder of artifacts/ may lie on another disk


# --- what is needed ---


def _needed(root: Path, every: list[Record], running: Mapping[str, str]) -> dict[str, str]:
    """`{first digits of a key: what needs it}`, with all that it was made from."""
    by_dvc = {key: why for place in (*project_paths.copies(root), root) for key, why in _by_dvc(place).items()}
    found = {**by_dvc, **_by_records(every), **running}
    todo = list(found)
    described = {folder.name: content for folder, content in _described(root) if content}
    while todo:
        if not (content := described.get(todo.pop())):
            continue
        for key in content["inputs"].values():
            if key[:DIGITS] not in found:
                found[key[:DIGITS]] = f"{content['step']} {content['key'][:DIGITS]} was made from it"
                todo.append(key[:DIGITS])
    return found


def _by_records(every: list[Record]) -> dict[str, str]:
    """A record of another form than ours needs what it names, too: nothing of it is taken for given."""
    found: dict[str, str] = {}
    for record in every:
        baseline = (record.content.get("comparison") or {}).get("baseline") or {}
        for key in [*(record.content.get("keys") or {}).values(), *(baseline.get("keys") or {}).values()]:
            found[key[:DIGITS]] = f"record {record.folder.name}"
    return found


def _by_dvc(root: Path) -> dict[str, str]:
    found = {path.read_text(encoding="utf-8").strip(): path.parent for path in root.glob("pipeline/*/*/key")}
    needed = {key[:DIGITS]: f"DVC: {folder.relative_to(root)}" for key, folder in found.items()}
    file = root / "keys.yaml"
    stages: Mapping[str, Any] = options.load_yaml(file) if file.is_file() else {}
    if file.is_file() and not stages:  # `keys > keys.yaml` begins with an empty one
        raise SpecError(f"{file} is empty.", "Wait for dvc repro, or write it: python -m runner keys > keys.yaml")
    for step, cells in stages.items():
        if not isinstance(cells, Mapping) or any(sha256(key, ()) for key in cells.values()):
            raise SpecError(f"{file}: {step} names no keys of cells.", "Write it: python -m runner keys > keys.yaml")
        needed |= {str(key)[:DIGITS]: f"DVC: {step} {cell}" for cell, key in cells.items()}
    return needed


# --- what is there ---


def _described(root: Path) -> Iterator[tuple[Path, Mapping[str, Any] | None]]:
    """Every artifact's folder, and its description; None where that is damaged."""
    for folder in sorted(path for path in root.glob("artifacts/[!.]*/" + DIGITS * "[!.]") if path.is_dir()):
        try:
            yield folder, store.read(folder).content
        except StepFailed:
            yield folder, None


def _artifacts(root: Path, needed: Mapping[str, str]) -> Iterator[Item]:
    for folder, content in _described(root):
        title = str(content["name"]) if content else ""
        why = needed.get(folder.name) or _made_now(root, folder.parent.name, folder.name)
        unneeded = "no record, DVC stage or running command needs it" if content else "its description is damaged"
        yield Item(folder, "artifact", title, _bytes(folder), bool(why), why or unneeded)


def _begun(root: Path, running: Mapping[str, str]) -> Iterator[Item]:
    """Drafts, and what an interrupted step would go on from."""
    for path in sorted(root.glob("artifacts/*/.*.*.*")):
        yield _unfinished(root, path, "draft", path.parent.name, path.name.split(".")[1], running)
    for path in sorted(root.glob("artifacts/.scratch/*-*")):
        step, _, digits = path.name.rpartition("-")
        yield _unfinished(root, path, "scratch", step, digits, running)
    for path in sorted(root.glob("records/.*.*")):
        yield Item(path, "draft", "record", _bytes(path), bool(running), "a command runs" if running else _ENDED)


def _unfinished(root: Path, path: Path, kind: str, step: str, digits: str, running: Mapping[str, str]) -> Item:
    why = running.get(digits) or _made_now(root, step, digits)
    return Item(path, kind, step, _bytes(path), bool(why), why or _ENDED)


_ENDED = "the command that made it has ended"


def _made_now(root: Path, step: str, digits: str) -> str:
    """Who holds the lock of an artifact, if anybody does."""
    from filelock import Timeout

    try:
        with store.lock_of(root, step, digits).acquire(timeout=0):
            return ""
    except Timeout:
        return "a command is making it"


def _left(root: Path) -> Iterator[Item]:
    for kind, folder, why in (
        ("damaged", ".damaged", "it was damaged, and set aside"),
        ("removed", ".removed", "an earlier gc was interrupted"),
    ):
        for path in sorted(root.glob(f"artifacts/{folder}/*")):
            yield Item(path, kind, "", _bytes(path), False, why)
    for path in leases.abandoned(root):
        yield Item(path, "lease", "", _bytes(path), False, _ENDED)


def _logs(root: Path, every: list[Record], running: Mapping[str, str]) -> Iterator[Item]:
    said = "\n".join(f"{record.content.get('reason')} {record.content.get('next_step')}" for record in every)
    for path in sorted(root.glob("artifacts/.logs/*")):
        user = next((who for digits, who in running.items() if digits in path.name), "")
        why = user or ("a record names it" if f".logs/{path.name}" in said else "")
        yield Item(path, "log", "", _bytes(path), bool(why), why or "no record names it")


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)
