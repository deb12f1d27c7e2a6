"""Records: what they say of cells that were not measured, and of steps that were begun again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.artifacts.store import Artifact
from runner.backends import onnxruntime
from runner.core.errors import StepFailed, Unsupported
from runner.execution import cell_sides, record_builder
from runner.execution.measurements import figures
from runner.execution.record_identity import Origin
from runner.planning import plan
from runner.planning.graph import Cell
from runner.planning.requirements import Outcome
from runner.sweeps import request

WORDS = ("model=gru", "model.hidden=4", "precision=int8_dynamic", "baseline=onnxruntime")


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    return plan.make([request.one(tmp_path, WORDS)], tmp_path).cells[0]


def test_a_cell_that_was_not_measured_says_why_and_has_no_figures(cell: Cell) -> None:
    found = record_builder.unmeasured(cell, Unsupported("No such op.", "Try another."), {}, Origin("s"))
    assert (found["status"], found["reason"], found["next_step"]) == ("unsupported", "No such op.", "Try another.")
    assert (found["metrics"], found["comparison"], found["sweep"]) == ({}, None, "s")
    assert found["spec_key"] == cell.candidate.spec.key
    assert found["retries"] == {}


def test_the_environment_has_the_versions_of_what_the_backend_runs_with(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_another = replace(onnxruntime.BACKEND, distributions=("onnxruntime", "pytest"))
    monkeypatch.setattr("runner.backends.onnxruntime.BACKEND", with_another)
    found = record_builder.unmeasured(cell, Unsupported("No such op."), {}, Origin("s"))
    assert found["environment"]["packages"]["pytest"] == pytest.__version__


def test_retries_are_counted_whoever_died_the_steps_worker_or_dasks(cell: Cell, tmp_path: Path) -> None:
    keys = cell.candidate.keys
    failed = StepFailed("killed")
    failed.retries = 1
    outcomes: dict[str, Outcome] = {
        keys["train"]: Artifact(tmp_path, {"retries": 1}),
        keys["export"]: Artifact(tmp_path, {"retries": 0}),
        keys["compile"]: failed,
    }
    origin = Origin("s", 1, {keys["train"]: 2, keys["data"]: 1})
    found = record_builder.unmeasured(cell, failed, outcomes, origin)
    assert found["retries"] == {"data": 1, "train": 3, "compile": 1}


def test_the_environment_has_the_images_in_which_steps_were_made(cell: Cell, tmp_path: Path) -> None:
    outcomes: dict[str, Outcome] = {
        cell.candidate.keys["train"]: Artifact(tmp_path, {}),
        cell.candidate.keys["compile"]: Artifact(tmp_path, {"image": "sha256:ab"}),
    }
    found = record_builder.unmeasured(cell, Unsupported("No such op."), outcomes, Origin("s"))
    assert found["environment"]["images"] == {"candidate": {"compile": "sha256:ab"}}


@pytest.mark.parametrize("named", ["os", "runner.backends.torch.session", "my.own.session", None])
def test_an_artifact_is_run_by_its_backends_module_alone(cell: Cell, tmp_path: Path, named: str | None) -> None:
    folder = tmp_path / "a b"
    artifacts = {"compile": Artifact(folder, {"meta": {"session": named}})}
    with pytest.raises(StepFailed) as caught:
        cell_sides.side_of(
            cell.candidate, {**artifacts, "data": Artifact(folder, {}), "export": Artifact(folder, {})}, ""
        )
    own = "runner.backends.onnxruntime.session"
    assert caught.value.reason == f"{folder}: it names {named} to run it; backend=onnxruntime has {own}."
    assert caught.value.next_step == f"Remove it, and it is made again: rm -r '{folder}'"


def test_a_record_has_the_operators_that_ran_elsewhere_than_asked(cell: Cell, tmp_path: Path) -> None:
    meta = {"effective": {"MatMul": {"fp32": 3}}, "fallback": {"MatMul": 2}}
    made = {"compile": Artifact(tmp_path, {"meta": meta})}
    told = figures.effective(cell.candidate, {"threads": 1}, made)
    assert (told.precision, told.fallback) == ({"MatMul": {"fp32": 3}}, {"MatMul": 2})
