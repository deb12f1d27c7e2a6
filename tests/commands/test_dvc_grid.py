"""The canonical grid: what params.yaml says, the cells' names and their keys."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runner.commands import dvc_grid
from runner.core.errors import SpecError
from runner.planning import plan
from runner.spec.schema import Spec
from runner.sweeps import request
from tests.conftest import REPOSITORY

GRID = {"model": ["gru"], "precision": ["fp32"], "backend": ["onnxruntime"]}


def write(root: Path, **params: object) -> dvc_grid.Grid:
    (root / "params.yaml").write_text(yaml.safe_dump({"grid": GRID, **params}), encoding="utf-8")
    return dvc_grid.read(root)


def spec(*overrides: str) -> Spec:
    return request.one(REPOSITORY, ["model=gru", "precision=fp32", "backend=onnxruntime", *overrides])


def keys(*specs: Spec) -> dict[str, dict[str, str]]:
    return dvc_grid.grid_keys(plan.make(specs, REPOSITORY))


def test_canonical_grid_is_three_models_two_precisions_two_backends() -> None:
    grid = dvc_grid.read(REPOSITORY)

    assert grid.axes == {
        "model": ["gru", "lstm", "bilstm"],
        "precision": ["fp32", "int8_dynamic"],
        "backend": ["onnxruntime", "openvino"],
    }


def test_specs_equal_hydras_own_composition() -> None:
    grid = dvc_grid.read(REPOSITORY)
    words = [[*grid.settings, *(f"{axis}={name}" for axis, name in cell.items())] for cell in grid.cells()]

    assert list(dvc_grid.specs(grid, REPOSITORY)) == [request.one(REPOSITORY, one) for one in words]


def test_specs_equal_hydras_own_composition_where_an_option_brings_another(tmp_path: Path) -> None:
    params = {"grid": {**GRID, "backend": ["onnxruntime", "openvino"]}, "backend": {"threads": 2}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    own = [
        request.one(tmp_path, ["model=gru", "precision=fp32", f"backend={backend}", "backend.threads=2"])
        for backend in ("onnxruntime", "openvino")
    ]

    assert list(dvc_grid.specs(dvc_grid.read(tmp_path), tmp_path)) == own


def test_params_are_overrides_as_on_a_command_line(tmp_path: Path) -> None:
    grid = write(tmp_path, seed=1, train={"name": "smoke", "epochs": 3}, data={"name": "csv", "path": "my file.csv"})

    assert set(grid.settings) == {"seed=1", "train=smoke", "train.epochs=3", "data=csv", 'data.path="my file.csv"'}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"trian": {"name": "smoke"}}, "trian: no such key. Did you mean train?"),
        ({"model": {"name": "gru"}}, "model.name=gru: grid.model says that already."),
        ({"grid": {"model": ["gru"]}}, "grid.precision=None: a list of options expected."),
        ({"grid": {**GRID, "models": ["gru"]}}, "grid.models: no such axis. Did you mean model?"),
    ],
)
def test_wrong_params_name_file_key_and_value(tmp_path: Path, params: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError) as error:
        write(tmp_path, **params)

    assert error.value.reason == f"{tmp_path / 'params.yaml'}: {said}"


def test_a_wrong_setting_names_the_file(tmp_path: Path) -> None:
    grid = write(tmp_path, train={"epochs": "many"})

    with pytest.raises(SpecError, match=r"^params.yaml: train.epochs=many"):
        list(dvc_grid.specs(grid, tmp_path))


def test_a_cells_name_holds_only_what_its_step_depends_on() -> None:
    names = {step: list(cells) for step, cells in keys(spec()).items()}

    assert names == {
        "data": ["co2"],
        "train": ["gru"],
        "export": ["gru"],
        "quantize": ["gru-fp32-onnxruntime"],
        "compile": ["gru-fp32-onnxruntime"],
        "verify": ["gru-fp32-onnxruntime"],
        "benchmark": ["gru-fp32-onnxruntime"],
    }


def test_fp32_has_exports_key_where_there_is_nothing_to_quantize() -> None:
    found = keys(spec())

    assert found["quantize"]["gru-fp32-onnxruntime"] == found["export"]["gru"]


def test_two_different_steps_of_one_name_are_refused() -> None:
    with pytest.raises(SpecError, match="disagree on data co2"):
        keys(spec(), spec("model.window=26"))


@pytest.mark.parametrize(
    "change", ["measure=quick", "baseline=self", "backend.threads=2", "scenario=offline", "train.epochs=3"]
)
def test_what_a_measurement_depends_on_changes_its_key(change: str) -> None:
    assert keys(spec())["benchmark"] != keys(spec(change))["benchmark"]


def test_a_time_limit_changes_no_key() -> None:
    assert keys(spec()) == keys(spec("limits.step_s=99"))


def test_measuring_depends_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.hardware import detect

    here = keys(spec())["benchmark"]
    monkeypatch.setattr(detect.Hardware, "identity", "another machine")

    assert keys(spec())["benchmark"] != here
