"""Tiny real models as the steps before `compile` leave them, with the outputs that an independent reference gives."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from runner.backends import loading
from runner.data import arrays
from runner.endpoints.local import open_worker
from runner.models import checkpoint
from runner.steps import Job, export

CONF = Path(__file__).parents[2] / "conf/backend"
BACKENDS = sorted(path.stem for path in CONF.glob("*.yaml"))
ROWS = 7
NETWORK = {"name": "bilstm", "settings": {"layers": 1, "hidden": 16, "window": 12, "horizon": 3}}
FEATURES = {"features": ["a", "b"]}


@dataclasses.dataclass(frozen=True)
class Case:
    """`folder` holds `graph/` (model.onnx), `checkpoint/` (model.pt) where there is a network, and `data/`;
    `expected` are the outputs for all rows of the data's test split."""

    folder: Path
    expected: np.ndarray[Any, Any]
    weight: np.ndarray[Any, Any]  # a row of weights that a compiled file holds as it is


@dataclasses.dataclass(frozen=True)
class Compiled:
    out: Path
    meta: dict[str, Any]
    settings: dict[str, Any]
    data: Path


def settings_of(backend: str, **changed: Any) -> dict[str, Any]:
    values = yaml.safe_load((CONF / f"{backend}.yaml").read_text())
    return {key: value for key, value in values.items() if key not in ("name", "defaults")} | changed


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    torch.manual_seed(0)
    return {"bilstm": _bilstm(tmp_path_factory.mktemp("bilstm")), "conv": _conv(tmp_path_factory.mktemp("conv"))}


def _data(folder: Path, x: np.ndarray[Any, Any]) -> None:
    (folder / "data").mkdir()
    split = {"in/x": x, "target": np.zeros(len(x), np.float32)}
    arrays.write(arrays.Dataset({"test": split, "calibration": split}, FEATURES), folder / "data")


def _bilstm(folder: Path) -> Case:
    x = np.random.default_rng(0).standard_normal((ROWS, 12, 2)).astype(np.float32)
    _data(folder, x)
    for name in ("checkpoint", "graph", "scratch"):
        (folder / name).mkdir()
    network = checkpoint.build(NETWORK, FEATURES).eval()
    checkpoint.save(network, folder / "checkpoint")
    inputs = {"model": folder / "checkpoint", "data": folder / "data"}
    export.run(Job({"model": NETWORK}, inputs, folder / "graph", folder / "scratch"))
    with torch.no_grad():
        expected = network(torch.from_numpy(x)).numpy()
    return Case(folder, expected, network.get_parameter("head.weight").detach().numpy()[0])


def _conv(folder: Path) -> Case:
    """relu(conv(x)) flattened, times a matrix; the reference is onnx's own interpreter."""
    random = np.random.default_rng(0)
    _data(folder, random.standard_normal((ROWS, 3, 8, 8)).astype(np.float32))
    kernel = random.standard_normal((16, 3, 3, 3)).astype(np.float32)
    matrix = random.standard_normal((16 * 36, 5)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("MatMul", ["f", "matrix"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 5])
    weights = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(matrix, "matrix")]
    graph = helper.make_graph(nodes, "conv", [x], [y], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "graph").mkdir()
    onnx.save(model, folder / "graph/model.onnx")
    rows = arrays.read(folder / "data", "test")["in/x"]
    (expected,) = ReferenceEvaluator(model).run(None, {"x": rows})
    return Case(folder, expected, matrix[0])


@pytest.fixture
def compile_case(tmp_path: Path) -> Callable[..., Compiled]:
    """Compiles in a fresh worker, as the runner does."""

    def compiled(backend: str, case: Case, batch: int = 1, precision: str = "fp32", **changed: Any) -> Compiled:
        root = tmp_path / "-".join(map(str, (backend, batch, precision, *changed.values())))
        for name in ("out", "scratch"):
            (root / name).mkdir(parents=True)
        source = {"onnx": "graph", "checkpoint": "checkpoint"}[loading.backend(backend).accepts[0]]
        settings = settings_of(backend, **changed)
        asked = {"backend": backend, "settings": settings, "batch": batch, "precision": precision, "model": NETWORK}
        with open_worker(root / "log", name=backend) as worker:
            answer = worker.ask(
                "step",
                timeout=120,
                module="runner.steps.compile",
                settings=asked,
                inputs={"model": case.folder / source, "data": case.folder / "data"},
                out=root / "out",
                scratch=root / "scratch",
            )
        return Compiled(root / "out", answer["meta"], settings, case.folder / "data")

    return compiled


def load(worker: Any, compiled: Compiled, batch: int = 1, **changed: Any) -> dict[str, Any]:
    answer: dict[str, Any] = worker.ask(
        "load",
        timeout=60,
        session=compiled.meta["session"],
        folder=compiled.out,
        options=compiled.settings | changed,
        inputs=compiled.data / "test.npz",
        batch=batch,
        samples=3,
        seed=0,
    )
    return answer


def predicted(compiled: Compiled, folder: Path, batch: int = 1) -> np.ndarray[Any, Any]:
    """What the compiled model answers to the test split, from a fresh worker."""
    with open_worker(folder / "predict.log", name="predict") as worker:
        load(worker, compiled, batch)
        worker.ask("predict", timeout=60, inputs=compiled.data / "test.npz", out=folder / "predicted.npz")
    with np.load(folder / "predicted.npz") as file:
        return file["out/y"]  # type: ignore[no-any-return]


def read_session(compiled: Compiled) -> dict[str, Any]:
    described: dict[str, Any] = json.loads((compiled.out / "session.json").read_text())
    return described
