"""`python -m runner step=…`: one step of one cell, exported to DVC's folder."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from runner.artifacts import store
from runner.commands import dvc_grid, step
from runner.core.errors import StepFailed
from runner.planning import sources
from tests.conftest import Command
from tests.models import onnx_files
from tests.without import hide

GRID = {"model": ["gru"], "precision": ["fp32"], "backend": ["onnxruntime"]}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    write(tmp_path)
    return tmp_path


def write(root: Path, **params: Any) -> None:
    known = {"grid": GRID, "train": {"name": "smoke"}, "measure": {"name": "quick"}}
    (root / "params.yaml").write_text(yaml.safe_dump({**known, **params}), encoding="utf-8")


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def made(root: Path) -> set[str]:
    """The steps that the store holds an artifact of."""
    return {path.parents[1].name for path in (root / "artifacts").glob("[!.]*/*/artifact.json")}


def test_exports_a_copy_of_the_stores_artifact_with_its_key(command: Command, project: Path) -> None:
    done = command("step=data", "--json")

    folder = project / "pipeline" / "data" / "co2"
    artifact = store.read(folder)
    original = store.place(project, "data", artifact.key)
    assert done.code == 0, done.err
    assert done.json == {"schema": 1, "step": "data", "folder": str(folder), "status": "ok", "key": artifact.key}
    assert (folder / "key").read_text(encoding="utf-8").strip() == artifact.key
    assert yaml.safe_load(command("keys").out)["data"] == {"co2": artifact.key}
    assert store.damage(artifact) == ""
    assert {path.name for path in folder.iterdir()} == {path.name for path in original.iterdir()} | {"key"}


def test_makes_the_inputs_that_are_missing_and_takes_those_that_dvc_holds(command: Command, project: Path) -> None:
    assert command("step=data").code == 0
    shutil.rmtree(project / "artifacts")

    done = command("step=export", "model=gru")

    assert done.code == 0, done.err
    assert made(project) == {"train", "export"}
    assert store.read(project / "pipeline" / "export" / "gru").content["step"] == "export"


def test_what_is_there_is_not_made_again(command: Command, project: Path) -> None:
    command("step=data")
    folder = project / "pipeline" / "data" / "co2"
    before = store.read(folder).content["created"]
    shutil.rmtree(folder)

    done = command("step=data")

    assert store.read(folder).content["created"] == before
    assert "data co2: done" not in done.err


def test_quiet_says_nothing_and_verbose_tells_every_event_with_its_second(command: Command, project: Path) -> None:
    made_quietly, there = command("step=data", "--quiet"), command("step=data", "--verbose")

    assert (made_quietly.code, made_quietly.err) == (0, "")
    assert re.search(r"^ +\d+\.\d s  data co2: there$", there.err, re.MULTILINE), there.err
    logs = [path.read_text(encoding="utf-8") for path in (project / "artifacts" / ".logs").glob("20*.log")]
    assert sorted("step=data --quiet" in log for log in logs) == [False, True]


FILES: dict[str, Any] = {"path": "my.onnx", "inputs": "my.npz", "shapes": {"x": ["batch", 4]}}


@pytest.mark.parametrize(
    ("model", "precision", "params"),
    [
        ("gru", "fp32", {"data": {"name": "mackey_glass"}}),
        ("gru", "fp32", {"data": {"name": "csv", "path": "my.csv", "time": "date", "target": "load"}}),
        ("mobilenet_v1", "fp32", {"data": {"name": "digits"}}),
        ("onnx", "fp32", {"data": {"name": "model_inputs"}, "model": FILES}),
        ("onnx", "fp32", {"data": {"name": "model_inputs"}, "model": {**FILES, "inputs": None}}),
        ("file", "as_built", {"data": {"name": "model_inputs"}, "model": FILES, "baseline": {"name": "none"}}),
    ],
    ids=["generated", "csv", "digits", "npz", "drawn inputs", "built file"],
)
def test_data_may_come_from_everywhere(
    command: Command, project: Path, model: str, precision: str, params: dict[str, Any]
) -> None:
    write(project, grid={"model": [model], "precision": [precision], "backend": ["onnxruntime"]}, **params)
    dates = np.datetime64("2020-01-01") + np.arange(600)
    rows = [f"{day},{100 + 10 * np.sin(place / 5):.3f}" for place, day in enumerate(dates)]
    (project / "my.csv").write_text("\n".join(["date,load", *rows]), encoding="utf-8")
    onnx_files.one_node(project / "my.onnx", "Relu", ["batch", 4], ["batch", 4])
    x = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    np.savez(project / "my.npz", x=x, y=np.maximum(x, 0))

    done = command("step=data")

    name = params["data"]["name"]
    assert done.code == 0, done.err
    assert store.read(project / "pipeline" / "data" / name).key == yaml.safe_load(command("keys").out)["data"][name]


@pytest.mark.slow
def test_a_file_of_ones_own_goes_through_every_step(command: Command, project: Path) -> None:
    params = {"data": {"name": "model_inputs"}, "model": FILES, "baseline": {"name": "none"}}
    write(project, grid={"model": ["file"], "precision": ["as_built"], "backend": ["onnxruntime"]}, **params)
    onnx_files.one_node(project / "my.onnx", "Relu", ["batch", 4], ["batch", 4])
    np.savez(project / "my.npz", x=np.ones((8, 4), np.float32))

    done = [command(f"step={step}") for step in dvc_grid.STEPS]

    assert [one.code for one in done] == [0] * len(dvc_grid.STEPS), [one.err for one in done]
    assert read(project / "metrics" / "file-as_built-onnxruntime.json")["p50_ms"] > 0


def test_fp32_quantizes_nothing_and_leaves_exports_key(command: Command, project: Path) -> None:
    done = command("step=quantize", "model=gru", "precision=fp32", "backend=onnxruntime")

    folder = project / "pipeline" / "quantize" / "gru-fp32-onnxruntime"
    assert done.code == 0, done.err
    assert [path.name for path in folder.iterdir()] == ["key"]
    assert (folder / "key").read_text(encoding="utf-8").strip() == yaml.safe_load(command("keys").out)["export"]["gru"]
    assert made(project) == set()


def test_a_built_file_is_compiled_by_adopting_it_and_trains_nothing(command: Command, project: Path) -> None:
    onnx_files.lookup_and_add(project / "my.onnx", [1, 3], [1, 4])
    grid = {"model": ["file"], "precision": ["as_built"], "backend": ["onnxruntime"]}
    write(project, grid=grid, model={"path": "my.onnx"}, data={"samples": 4}, train="default")
    cell = ("model=file", "precision=as_built", "backend=onnxruntime")
    for name in ("train", "verify"):
        done = command(f"step={name}", *cell)
        assert done.code == 0, done.err
    keys = {path.parents[1].name: path.read_text() for path in project.glob("pipeline/*/*/key")}
    assert keys["train"].strip() == store.read(next(project.glob("artifacts/data/[!.]*"))).key
    assert store.read(project / "pipeline/verify/file-as_built-onnxruntime").key == keys["verify"].strip()
    assert made(project) == {"describe", "data", "compile", "verify"}


def test_an_unsupported_cell_says_so_and_stops_nothing(command: Command, project: Path) -> None:
    write(project, grid={"model": ["gru"], "precision": ["fp16"], "backend": ["torch"]})
    cell = ("model=gru", "precision=fp16", "backend=torch")

    compiled, measured = command("step=compile", *cell), command("step=benchmark", *cell)

    folder = project / "pipeline" / "compile" / "gru-fp16-torch"
    assert (compiled.code, measured.code) == (0, 0), compiled.err + measured.err
    assert {path.name for path in folder.iterdir()} == {"key", "status.json"}
    assert read(folder / "status.json")["status"] == "unsupported"
    metrics = read(project / "pipeline" / "benchmark" / "gru-fp16-torch" / "measured.json")
    assert metrics["status"] == "unsupported"
    record = read(project / "records" / metrics["record_id"] / "record.json")
    assert metrics["reason"] == record["reason"]
    assert (record["sweep"][:4], record["comparisons"]) == ("dvc-", 1)
    assert read(project / "metrics" / "gru-fp16-torch.json") == {"status": "unsupported"}
    assert (project / "pipeline/benchmark/gru-fp16-torch/latency.csv").read_text() == "side,percent,ms\n"
    assert made(project) == set()


def test_a_grids_comparisons_are_one_family_without_the_cell_that_is_its_own_baseline(project: Path) -> None:
    write(project, grid={"model": ["gru"], "precision": ["fp32", "int8"], "backend": ["onnxruntime", "openvino"]})
    family = step._family(project)
    assert (family.name[:4], family.comparisons) == ("dvc-", 3)


def test_a_missing_library_stops_nothing_either(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "onnxruntime")
    monkeypatch.chdir(project)

    code = step.main(["step=compile", "model=gru"])

    said = read(project / "pipeline" / "compile" / "gru-fp32-onnxruntime" / "status.json")
    assert code == 0
    assert said["status"] == "unavailable"
    assert "onnxruntime is not installed" in said["reason"]


def test_a_step_that_fails_leaves_nothing_and_is_an_error(command: Command, project: Path) -> None:
    write(project, train={"name": "default", "epochs": 5000}, limits={"step_s": 3})

    done = command("step=train", "model=gru")

    assert done.code == 5
    assert done.err.splitlines()[-2].startswith("error: ")
    assert not (project / "pipeline" / "train" / "gru").exists()


def test_a_cell_whose_planning_failed_is_not_done(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_data_problems", lambda *given: [][0])
    monkeypatch.chdir(project)

    for name in ("train", "benchmark"):
        with pytest.raises(StepFailed, match="Unexpected IndexError"):
            step.main([f"step={name}", "model=gru"])

    assert not (project / "pipeline").exists()


def test_numbers_of_before_dont_stand_in_for_a_benchmark_that_fails(command: Command, project: Path) -> None:
    write(project, train={"name": "default", "epochs": 5000}, limits={"step_s": 3})
    old = project / "pipeline" / "benchmark" / "gru-fp32-onnxruntime" / "measured.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}", encoding="utf-8")

    done = command("step=benchmark", "model=gru")

    assert done.code == 5
    assert not old.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["step"], "step=: no such step."),
        (["step="], "step=: no such step."),
        (["step=trian"], "step=trian: no such step. Did you mean train?"),
        (
            ["step=train", "step=data"],
            "step=data: step= and model=, precision=, backend= are all that a step",
        ),
        (["step=speedups", "model=gru"], "step=speedups model=gru: it takes all cells of the grid."),
        (["step=train", "train.epochs=3"], "are all that a step takes"),
        (["step=train", "model=grv"], "model=grv: no such model. Did you mean gru?"),
    ],
)
def test_a_slip_is_answered_in_two_lines(typed: Command, project: Path, words: list[str], said: str) -> None:
    done = typed(*words)

    assert done.code == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 2
