"""GRUs that are trained once for all test processes. Commands find them in their project's store as if one before had
made them there: what they are tested for comes after, and training imports torch and takes seconds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from runner.artifacts.store import Artifact
from runner.execution import prepare
from runner.planning import plan
from runner.planning.graph import Plan
from runner.spec.schedule import INLINE
from runner.sweeps import request
from tests.execution.told import LIMITS, Told

WORDS = ("model=gru", "model.hidden=4", "train=smoke")
SHORT = ("model=gru",)  # in a short project
STEPS = ("data", "train", "export")


def keys(project: Path, words: Sequence[str]) -> dict[str, str]:
    """The key of each of the steps, as a command with `words` in `project` would ask for it."""
    return {node.step: node.key for node in _plan(project, words).nodes.values() if node.step in STEPS}


def _plan(project: Path, words: Sequence[str]) -> Plan:
    return plan.make([request.one(project, [*words, "precision=fp32", "baseline=none"])], project)


def once(temporary: pytest.TempPathFactory, name: str, words: Sequence[str], new: Callable[[Path], object]) -> Path:
    """A project that has the artifacts of `words`: the first process that asks for `name` makes it by `new`, those
    beside it wait."""
    base = temporary.getbasetemp()
    project = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{project}.lock"):
        if not project.exists():
            draft = project.with_suffix(".draft")
            new(draft)
            _make(draft, words)
            draft.rename(project)
    return project


def _make(project: Path, words: Sequence[str]) -> None:
    made = _plan(project, words)
    wanted = [node.key for node in made.nodes.values() if node.step in STEPS]
    found = prepare.get_or_make(wanted, made, project, LIMITS, Told(), INLINE)
    assert all(isinstance(found[key], Artifact) for key in wanted), found


def place(made: Path, project: Path) -> None:
    """Copy the artifacts of `made` into the store of `project`."""
    for step in STEPS:
        shutil.copytree(made / "artifacts" / step, project / "artifacts" / step)
