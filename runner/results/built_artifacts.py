"""What was built for a record: the artifacts of its steps that are still in the store, and the code in the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.backends import loading
from runner.backends.contract import COMPILE
from runner.core.advice import shell
from runner.core.errors import StepFailed, Unavailable, Unsupported
from runner.results.records import Record


@dataclass(frozen=True)
class Built:
    """The artifact of a step, by its key; None where it was removed."""

    step: str
    key: str
    artifact: Artifact | None


def of_record(record: Record, root: Path) -> Sequence[Built]:
    """The candidate's steps, in the order in which they were made."""
    named = [(step, key) for step, key in record.result.keys.items() if step.isidentifier()]  # it becomes a path
    return [Built(step, key, store.find(root, step, key)) for step, key in named]


def source(record: Record, root: Path) -> Path:
    """The file with the code that the candidate's backend generated.

    Raises Unsupported where the backend keeps none, Unavailable where what was built is no longer there, StepFailed
    where it is damaged.
    """
    name = str(record.result.spec["backend"]["name"])
    again = shell("python", "-m", "runner", "inspect", record.folder.name)
    file = loading.backend(name).source
    if not file:
        raise Unsupported(f"backend={name} generates no source that it could show.", f"What it built: {again}")
    artifact = next((one.artifact for one in of_record(record, root) if one.step == COMPILE), None)
    if artifact is None:
        raise Unavailable(f"{record.folder.name}: what was built for it was removed.", "Run its spec again.")
    if wrong := store.damage(artifact):
        raise StepFailed(f"{wrong}.", "Run its spec again: what is damaged is set aside, and made again.")
    if file not in artifact.content["files"]:
        raise Unsupported(f"{artifact.folder}: it was built elsewhere, and has no source.", f"What is there: {again}")
    return artifact.folder / file
