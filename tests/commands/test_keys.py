"""`python -m runner keys`: what dvc.yaml's stages depend on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY, Command


@pytest.fixture
def in_repository(typed: Command) -> Command:
    return lambda *words: typed(*words, cwd=REPOSITORY)


def test_prints_a_key_for_every_cell_of_every_step(in_repository: Command) -> None:
    found = yaml.safe_load(in_repository("keys").out)

    assert {step: len(cells) for step, cells in found.items()} == {
        "data": 1,
        "train": 3,
        "export": 3,
        "quantize": 12,
        "compile": 12,
        "verify": 12,
        "benchmark": 12,
    }
    assert len(set(found["compile"].values())) == 12


def test_json_is_one_document_with_the_same_keys(in_repository: Command) -> None:
    assert in_repository("keys", "--json").json == {"schema": 1, "keys": yaml.safe_load(in_repository("keys").out)}


def test_files_are_a_key_each_and_no_others(typed: Command, tmp_path: Path) -> None:
    grid = {"model": ["gru"], "precision": ["fp32"], "backend": ["onnxruntime"]}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"grid": grid}), encoding="utf-8")
    old = tmp_path / "pipeline" / "keys" / "train" / "lstm"
    old.parent.mkdir(parents=True)
    old.write_text("of an earlier grid")

    keys = yaml.safe_load(typed("keys", "--files").out)

    files = (path for path in (tmp_path / "pipeline" / "keys").rglob("*") if path.is_file())
    written = {(path.parent.name, path.name): path.read_text().strip() for path in files}
    assert written == {(step, cell): key for step, cells in keys.items() for cell, key in cells.items()}


def test_keys_are_those_of_plan(in_repository: Command) -> None:
    axes = ("model=gru,lstm,bilstm", "precision=fp32,int8_dynamic", "backend=onnxruntime,openvino")
    planned = in_repository("plan", "-m", *axes, "--json").json
    found = yaml.safe_load(in_repository("keys").out)
    of_steps = {key for step, cells in found.items() if step != "benchmark" for key in cells.values()}

    assert of_steps == {step["key"] for step in planned["steps"]}


def test_imports_nothing_heavy() -> None:
    heavy = {"torch", "mlflow", "onnx", "onnxruntime", "openvino", "sklearn", "scipy.stats"}
    code = f"import sys; from runner.__main__ import main; main(['keys']); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_project_without_params_is_told_what_is_missing(typed: Command) -> None:
    done = typed("keys")

    assert done.code == 2
    assert "params.yaml is not there" in done.err


def test_takes_no_overrides(in_repository: Command) -> None:
    done = in_repository("keys", "model=gru")

    assert done.code == 2
    assert "python -m runner keys: unrecognized arguments: model=gru." in done.err
