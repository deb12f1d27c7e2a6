"""Steps one after the other: made once, found again, mended where damaged, skipped where their input failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.core.errors import RunnerError, StepFailed
from runner.execution.prepare import get_or_make as obtained
from runner.execution.prepare import prepare
from runner.planning import graph, plan
from runner.planning.graph import Node, Plan
from runner.planning.requirements import artifact_keys
from runner.spec.schedule import INLINE
from runner.sweeps import request
from tests.execution.told import LIMITS, Told
from tests.models import onnx_files


@pytest.fixture
def made(tmp_path: Path) -> Plan:
    words = ["model=gru", "model.hidden=4", "data=mackey_glass", "data.rows=500", "precision=fp32", "baseline=none"]
    return plan.make([request.one(tmp_path, [*words, "train=smoke"])], tmp_path)


def node(made: Plan, step: str) -> Node:
    return next(one for one in made.nodes.values() if one.step == step)


def get_or_make(made: Plan, step: str, project: Path) -> tuple[Artifact | RunnerError, Told]:
    told = Told()
    key = node(made, step).key
    return obtained([key], made, project, LIMITS, told, INLINE)[key], told


def test_a_step_is_made_once(made: Plan, tmp_path: Path) -> None:
    first, told = get_or_make(made, "data", tmp_path)
    assert isinstance(first, Artifact)
    assert told.ended == [("data", "begins"), ("data", "done")]
    again, told = get_or_make(made, "data", tmp_path)
    assert isinstance(again, Artifact)
    assert again.content == first.content
    assert told.ended == [("data", "there")]


def test_a_damaged_artifact_is_made_again(made: Plan, tmp_path: Path) -> None:
    first, _ = get_or_make(made, "data", tmp_path)
    assert isinstance(first, Artifact)
    (first.folder / "test.npz").write_bytes(b"")
    again, told = get_or_make(made, "data", tmp_path)
    assert isinstance(again, Artifact)
    assert again.content["files"] == first.content["files"]
    assert told.ended == [("data", "begins"), ("data", "done")]
    assert "test.npz was changed after it was written" in told.warned[0]


def test_what_needs_a_step_that_failed_is_skipped(made: Plan, tmp_path: Path) -> None:
    data = node(made, "data")
    wrong = replace(data, settings={**data.settings, "name": "no_such_data"})
    broken = Plan({**made.nodes, data.key: wrong}, made.cells)
    found, told = get_or_make(broken, "train", tmp_path)
    assert isinstance(found, RunnerError)
    assert told.ended == [("data", "begins"), ("data", "failed"), ("train", "skipped")]
    assert store.find(tmp_path, "data", data.key) is None
    assert not list((tmp_path / "artifacts" / "data").iterdir())


def test_a_step_that_takes_too_long_is_stopped(made: Plan, tmp_path: Path) -> None:
    told = Told()
    key = node(made, "data").key
    found = obtained([key], made, tmp_path, replace(LIMITS, step_s=0.01), told, INLINE)[key]
    assert isinstance(found, RunnerError)
    assert found.status == "timeout"
    assert store.find(tmp_path, "data", key) is None


def test_only_what_a_record_is_made_of_is_asked_for(made: Plan) -> None:
    steps = {made.nodes[key].step for key in artifact_keys(made.cells[0])}
    assert steps == {"data", "export", "compile", "verify"}


def test_why_a_cell_is_blocked_is_known_before_any_work(tmp_path: Path) -> None:
    blocked = plan.make([request.one(tmp_path, ["model=gru", "backend=torch", "precision=fp16"])], tmp_path)
    error = graph.blocked(blocked.cells[0], blocked)
    assert error is not None
    assert error.status == "unsupported"
    assert prepare(blocked, tmp_path, LIMITS, Told(), INLINE) == {}
    assert not (tmp_path / "artifacts").exists()


def test_a_library_that_hides_a_full_disk(made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.execution.run_step.full", lambda folder: True)
    data = node(made, "data")
    wrong = replace(data, module="runner.steps.no_such_step")
    found, _ = get_or_make(Plan({**made.nodes, data.key: wrong}, made.cells), "data", tmp_path)
    assert isinstance(found, StepFailed)
    assert found.reason == f"{tmp_path}: no space left on the disk."


def test_code_that_was_edited_after_planning_makes_no_artifact(made: Plan, tmp_path: Path) -> None:
    """The worker says what it ran; the key was made with other sources."""
    data = node(made, "data")
    edited = Plan({data.key: replace(data, code="f" * 64)}, made.cells)
    outcome, told = get_or_make(edited, "data", tmp_path)
    assert isinstance(outcome, StepFailed)
    assert "its code was edited after this command was planned" in outcome.reason
    assert store.find(tmp_path, "data", data.key) is None
    assert told.ended[-1] == ("data", "failed")


def test_a_tool_that_was_installed_anew_after_planning_makes_no_artifact(made: Plan, tmp_path: Path) -> None:
    data = node(made, "data")
    before = Plan({data.key: replace(data, tools={"numpy": "1.0"})}, made.cells)
    outcome, _ = get_or_make(before, "data", tmp_path)
    assert isinstance(outcome, StepFailed)
    assert "numpy was installed anew after this command was planned" in outcome.reason
    assert store.find(tmp_path, "data", data.key) is None


def test_a_users_file_that_was_saved_again_after_planning_makes_no_artifact(tmp_path: Path) -> None:
    path = onnx_files.weights_in("branch", tmp_path / "my.onnx")
    spec = request.one(tmp_path, ["model=onnx", f"model.path={path}", "precision=fp32", "baseline=none"])
    made = plan.make([spec], tmp_path)
    weights = tmp_path / "w.bin"
    before = weights.read_bytes()
    weights.write_bytes(bytes(64))
    outcome, _ = get_or_make(made, "export", tmp_path)
    assert isinstance(outcome, StepFailed)
    assert outcome.reason == f"export onnx: {weights} was changed since this command was planned."
    weights.write_bytes(before)
    outcome, _ = get_or_make(made, "export", tmp_path)
    assert isinstance(outcome, Artifact)
    weights.unlink()
    assert store.damage(outcome) == ""  # it is whole without the user's files
