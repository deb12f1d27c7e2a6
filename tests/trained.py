"""GRUs that are trained once for all test processes. Commands find them in their project's store as if one before had
made them there: what they are tested for comes after, and training imports torch and takes seconds."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from runner.artifacts.store import Artifact
from runner.execution import prepare
from runner.planning import plan
from runner.planning.graph import Plan
from runner.spec.schedule import INLINE
from runner.spec.schema import Limits
from runner.sweeps import request
from tests.execution.told import Told

WORDS = ("model=gru", "model.hidden=4", "train=smoke")
SHORT = ("model=gru",)  # in a short project
STEPS = ("data", "train", "export")
LIMITS = Limits(step_s=240.0, answer_s=240.0, memory_mb=None)  # of a busy machine


def keys(project: Path, words: Sequence[str]) -> dict[str, str]:
    """The key of each of the steps, as a command with `words` in `project` would ask for it."""
    return {node.step: node.key for node in _plan(project, words).nodes.values() if node.step in STEPS}


def _plan(project: Path, words: Sequence[str]) -> Plan:
    return plan.make([request.one(project, [*words, "precision=fp32", "baseline=none"])], project)


def make(project: Path, words: Sequence[str]) -> None:
    """Have the artifacts of `words` made in `project`."""
    made = _plan(project, words)
    wanted = [node.key for node in made.nodes.values() if node.step in STEPS]
    found = prepare.get_or_make(wanted, made, project, LIMITS, Told(), INLINE)
    assert all(isinstance(found[key], Artifact) for key in wanted), found


def place(made: Path, project: Path) -> None:
    """Copy the artifacts of `made` into the store of `project`."""
    for step in STEPS:
        shutil.copytree(made / "artifacts" / step, project / "artifacts" / step)
