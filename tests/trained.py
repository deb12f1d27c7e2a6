"""A tiny GRU that is trained once for all test processes. Commands find it in their project's store as if one before
had made it there: what they are tested for comes after, and training imports torch and takes seconds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from runner.artifacts.store import Artifact
from runner.execution import prepare
from runner.planning import plan
from runner.spec.schedule import INLINE
from runner.sweeps import request
from tests.execution.told import LIMITS, Told

WORDS = ("model=gru", "model.hidden=4", "train=smoke")
STEPS = ("data", "train", "export")


def keys(project: Path, words: Sequence[str] = WORDS) -> dict[str, str]:
    """The key of each of the steps, as a command with `words` in `project` would ask for it."""
    made = plan.make([request.one(project, [*words, "precision=fp32", "baseline=none"])], project)
    return {node.step: node.key for node in made.nodes.values() if node.step in STEPS}


def once(temporary: pytest.TempPathFactory) -> Path:
    """A project that has the artifacts: the first process that asks makes them, those beside it wait."""
    base = temporary.getbasetemp()
    project = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained"
    with FileLock(f"{project}.lock"):
        if not project.exists():
            draft = project.with_suffix(".draft")
            _make(draft)
            draft.rename(project)
    return project


def _make(project: Path) -> None:
    project.mkdir()
    made = plan.make([request.one(project, [*WORDS, "precision=fp32", "baseline=none"])], project)
    wanted = [*keys(project).values()]
    found = prepare.get_or_make(wanted, made, project, LIMITS, Told(), INLINE)
    assert all(isinstance(found[key], Artifact) for key in wanted), found


def place(made: Path, project: Path) -> None:
    """Copy the artifacts of `made` into the store of `project`."""
    for step in STEPS:
        shutil.copytree(made / "artifacts" / step, project / "artifacts" / step)
