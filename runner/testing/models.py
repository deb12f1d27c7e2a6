"""Tiny real models as the steps before `compile` leave them, with the outputs that an independent reference gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from runner.backends import loading
from runner.backends.contract import AS_BUILT
from runner.core import project_paths as projects
from runner.core.job import Job
from runner.core.setting_rules import build
from runner.data import arrays
from runner.hardware import detect
from runner.models import checkpoint
from runner.spec import options
from runner.steps import export, quantize
from runner.testing import stages
from runner.transport.local import Worker, open_worker

ROWS = 7
NETWORK: Mapping[str, Any] = {"name": "bilstm", "settings": {"layers": 1, "hidden": 16, "window": 12, "horizon": 3}}
FEATURES = {"features": ["a", "b"]}
NOTHING: Mapping[str, Any] = {}
FOLDERS = {"onnx": "graph", "checkpoint": "checkpoint"}  # by what a backend accepts


@dataclass(frozen=True)
class Case:
    """`folder` holds `graph/` (model.onnx), `checkpoint/` (model.pt) where there is a network, and `data/`;
    `expected` are the outputs for all rows of the data's test split, `weight` a row of weights."""

    folder: Path
    expected: npt.NDArray[Any]
    weight: npt.NDArray[Any]


@dataclass(frozen=True)
class Compiled:
    """What the compile step made in `out`; its `meta` with that of `verify`, where it was proven here; the backend's
    `settings` and the data artifact."""

    out: Path
    meta: dict[str, Any]
    settings: dict[str, Any]
    data: Path


def settings_of(backend: str, **changed: Any) -> dict[str, Any]:
    """The values of a backend's YAML, some of them `changed`."""
    values = options.values("backend", backend, projects.root())
    return {key: value for key, value in values.items() if key != "name"} | changed


def bilstm(folder: Path) -> Case:
    """A bidirectional LSTM of ours, as checkpoint and graph; the reference is PyTorch."""
    torch.manual_seed(0)
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


def conv(folder: Path) -> Case:
    """relu(conv(x)) flattened, times a matrix, as a graph; the reference is onnx's own interpreter."""
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
    return Case(folder, np.asarray(expected), matrix[0])


def ports(folder: Path) -> Case:
    """The sum and the difference of two inputs, as a graph whose names have slashes, colons, dots and blanks;
    `expected` has both, one beside the other."""
    random = np.random.default_rng(0)
    one, other = (random.standard_normal((ROWS, 4)).astype(np.float32) for _ in range(2))
    _data(folder, one, **{"in/b y.0": other})
    nodes = [
        helper.make_node("Add", ["x", "b y.0"], ["the/sum:0"], name="the sum"),
        helper.make_node("Sub", ["x", "b y.0"], ["the.difference"], name="a/difference"),
    ]
    _graph(folder, nodes, ["x", "b y.0"], ["the/sum:0", "the.difference"])
    return Case(folder, np.concatenate([one + other, one - other], axis=1), one[0])


def exotic(folder: Path) -> Case:
    """A graph with an operator that no runtime has."""
    x = np.random.default_rng(0).standard_normal((ROWS, 4)).astype(np.float32)
    _data(folder, x)
    nodes = [
        helper.make_node("Relu", ["x"], ["r"], name="first"),
        helper.make_node("Zebra", ["r"], ["y"], name="the_odd_one", domain="some.where"),
    ]
    _graph(folder, nodes, ["x"], ["y"], helper.make_opsetid("some.where", 1))
    return Case(folder, x, x[0])


def _graph(
    folder: Path, nodes: list[onnx.NodeProto], inputs: list[str], outputs: list[str], *more: onnx.OperatorSetIdProto
) -> None:
    """`graph/model.onnx` of float ports of four columns."""
    opsets = [helper.make_opsetid("", 17), *more]
    (folder / "graph").mkdir()
    graph = helper.make_graph(nodes, "graph", _ports(inputs), _ports(outputs))
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), folder / "graph/model.onnx")


def _ports(names: list[str]) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in names]


def _data(folder: Path, x: npt.NDArray[Any], **more: npt.NDArray[Any]) -> None:
    (folder / "data").mkdir()
    split = {"in/x": x, **more, "target": np.zeros(len(x), np.float32)}
    named = {name.removeprefix("in/"): ["batch", *values.shape[1:]] for name, values in more.items()}
    about = {**FEATURES, "shapes": {"x": ["batch", *x.shape[1:]], **named}}
    arrays.write(arrays.Dataset({"test": split, "calibration": split}, about), folder / "data")


def compiled(
    root: Path,
    backend: str,
    case: Case,
    batch: int = 1,
    precision: str = "fp32",
    proven_with: Mapping[str, Any] = NOTHING,
    proven: bool = True,
    **changed: Any,
) -> Compiled:
    """`case` compiled below `root` in a fresh worker, as the runner does; `changed`: settings of the backend, of which
    `verify` has those of `proven_with`; not `proven`: it is for another machine, and there is no `verify`."""
    root = root / "-".join(map(str, (backend, batch, precision, *changed.values())))
    for name in ("out", "scratch"):
        (root / name).mkdir(parents=True)
    settings = settings_of(backend, **changed)
    checked: Any = build(loading.backend(backend).settings, settings, "backend")
    tuned_to = loading.ask(backend, "tuned_to", checked, detect.described())
    asked = {"backend": backend, "settings": settings, "batch": batch, "precision": precision, "tuned_to": tuned_to}
    asked["model"] = NETWORK
    data, source = case.folder / "data", _source(root, backend, case, precision)
    about = {**asked, "precision_settings": _chosen(precision)}
    source = stages.before_compile(case.folder / "stages", backend, about, source, data)
    with stages.last_worker(root / "log", backend) as worker:
        meta = _step(worker, root, "compile", asked, {"model": source, "data": data})
        if proven and loading.backend(backend).opens_here():
            asked = {**asked, "settings": {**settings, **proven_with}}
            found = _step(worker, root, "verify", asked, {"model": root / "out", "data": data})
            meta = {**meta, **found, "warnings": [*meta["warnings"], *found["warnings"]]}
    return Compiled(root / "out", meta, settings, data)


def built(root: Path, backend: str, made: Compiled) -> Compiled:
    """What the backend `made`, taken for a file of the user's that another toolchain built."""
    declared = loading.backend(backend)
    file = next(path for suffix in declared.opens for path in sorted(made.out.glob(f"*{suffix}")))
    beside = [file.with_suffix(one) for one in declared.companions.get(file.suffix, ())]
    places = [[str(path), f"model{path.suffix}"] for path in (file, *beside)]
    for name in ("out", "scratch"):
        (root / "built" / name).mkdir(parents=True)
    asked = {"backend": backend, "settings": made.settings, "precision": AS_BUILT, "places": places, "batch": 1}
    with open_worker(root / "built/log", name=backend) as worker:
        meta = _step(worker, root / "built", "adopt", asked, {"data": made.data})
    return Compiled(root / "built/out", meta, made.settings, made.data)


def _step(worker: Worker, root: Path, step: str, asked: Mapping[str, Any], inputs: Mapping[str, Path]) -> Any:
    """A step's meta; it writes to `out` below `root`."""
    given: dict[str, Any] = {"settings": asked, "inputs": inputs, "out": root / "out", "scratch": root / "scratch"}
    return worker.ask("step", timeout=120, module=f"runner.steps.{step}", **given)["meta"]


def _source(root: Path, backend: str, case: Case, precision: str) -> Path:
    """What is compiled: a graph in the precision asked for, or the checkpoint."""
    declared = loading.backend(backend)
    reads = next(one for one in declared.accepts if (case.folder / FOLDERS[one]).is_dir())
    source = case.folder / FOLDERS[reads]
    if reads != "onnx" or precision == "fp32" or declared.capabilities.quantizes:
        return source
    dynamic = sorted(declared.int8_dynamic_ops) if precision == "int8_dynamic" else []
    settings = {"precision": precision, "settings": _chosen(precision), "dynamic_ops": dynamic}
    (root / "quantized").mkdir()
    inputs = {"model": source, "data": case.folder / "data"}
    quantize.run(Job(settings, inputs, root / "quantized", root / "scratch"))
    return root / "quantized"


def _chosen(precision: str) -> dict[str, Any]:
    """The values of a precision's YAML."""
    values = options.values("precision", precision, projects.root())
    return {key: value for key, value in values.items() if key != "name"}


def load(
    worker: Worker, made: Compiled, batch: int = 1, reference: Path | None = None, **changed: Any
) -> dict[str, Any]:
    """The worker's answer to `load` of what was compiled; `changed`: settings of the backend, `reference`: what the
    outputs are compared with."""
    answer: dict[str, Any] = worker.ask("load", timeout=60, **_opening(made, batch, changed), reference=reference)
    return answer


def profile(worker: Worker, made: Compiled, iterations: int) -> dict[str, Any]:
    """The worker's answer to `profile` of what was compiled."""
    answer: dict[str, Any] = worker.ask("profile", timeout=60, iterations=iterations, **_opening(made, 1, {}))
    return answer


def _opening(made: Compiled, batch: int, changed: Mapping[str, Any]) -> dict[str, Any]:
    options, inputs = {**made.settings, **changed}, made.data / "test.npz"
    what = {"session": made.meta["session"], "folder": made.out, "options": options, "inputs": inputs}
    return {**what, "batch": batch, "samples": 3, "seed": 0}


def predicted(made: Compiled, folder: Path, batch: int = 1) -> npt.NDArray[Any]:
    """What a compiled model of one output answers to the test split, from a fresh worker."""
    (output,) = answered(made, folder, batch).values()
    return output


def answered(made: Compiled, folder: Path, batch: int = 1) -> dict[str, npt.NDArray[Any]]:
    """What the compiled model answers to the test split by output, from a fresh worker."""
    with open_worker(folder / "predict.log", name="predict") as worker:
        load(worker, made, batch)
        worker.ask("predict", timeout=60, inputs=made.data / "test.npz", out=folder / "predicted.npz")
    with np.load(folder / "predicted.npz") as file:
        return {name.removeprefix("out/"): file[name] for name in file.files if name.startswith("out/")}


def read_session(made: Compiled) -> dict[str, Any]:
    """`session.json` of what was compiled."""
    described: dict[str, Any] = json.loads((made.out / "session.json").read_text())
    return described
