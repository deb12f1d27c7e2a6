"""Tiny real models as the steps before `compile` leave them, with the outputs that an independent reference gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from runner.core.job import Job
from runner.data import arrays
from runner.models import checkpoint
from runner.steps import export
from runner.testing import vit

Arrays = Mapping[str, npt.NDArray[Any]]
ROWS = 7
WINDOW = 5  # steps, which some compilers unroll
FEATURES = {"features": ["a", "b"]}
NOTHING: Arrays = {}
OPSET = 19  # the first one of which onnx's own interpreter knows all that stands here
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


@dataclass(frozen=True)
class Case:
    """`folder` holds `graph/` (model.onnx), `checkpoint/` (model.pt) where there is a network, and `data/`; `expected`
    are the first output's values for all rows of the data's test split, `weight` a row of weights, `outputs` all
    outputs by name, where they have names of their own. `network` is the model's name and settings, empty of a graph.
    """

    folder: Path
    expected: npt.NDArray[Any]
    weight: npt.NDArray[Any]
    outputs: Arrays = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)


class Cases(dict[str, Case]):
    """Every case by its name, made in `root` when it is first asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def __missing__(self, name: str) -> Case:
        folder = self._root / name
        folder.mkdir()
        self[name] = MADE[name](folder)
        return self[name]


# --- networks ---


def recurrent(folder: Path, name: str, hidden: int = 16) -> Case:
    """A recurrent network of ours, as checkpoint and graph; the reference is PyTorch."""
    x = np.random.default_rng(0).standard_normal((ROWS, WINDOW, 2)).astype(np.float32)
    settings = {"layers": 1, "hidden": hidden, "window": WINDOW, "horizon": 3}
    return _network(folder, {"name": name, "settings": settings}, x, {**FEATURES, **_shapes({"x": x})})


def bilstm(folder: Path) -> Case:
    return recurrent(folder, "bilstm")


def gru(folder: Path) -> Case:
    return recurrent(folder, "gru")


def lstm(folder: Path) -> Case:
    return recurrent(folder, "lstm")


def mobilenet_v1(folder: Path) -> Case:
    """The image classifier of ours, as checkpoint and graph; the reference is PyTorch."""
    x = np.random.default_rng(0).standard_normal((ROWS, 3, 32, 32)).astype(np.float32)
    network = {"name": "mobilenet_v1", "settings": {"width": 0.25, "input_size": 32}}
    return _network(folder, network, x, {"classes": 4, "shapes": {"x": [3, 32, 32]}})


def _network(folder: Path, model: Mapping[str, Any], x: npt.NDArray[Any], about: Mapping[str, Any]) -> Case:
    torch.manual_seed(0)
    _data(folder, {"x": x}, about)
    for name in ("checkpoint", "graph", "scratch"):
        (folder / name).mkdir()
    network = checkpoint.build(model, about).eval()
    checkpoint.save(network, folder / "checkpoint")
    inputs = {"model": folder / "checkpoint", "data": folder / "data"}
    export.run(Job({"model": model}, inputs, folder / "graph", folder / "scratch"))
    with torch.no_grad():
        expected = network(torch.from_numpy(x)).numpy()
    *_, weight = (one for name, one in network.named_parameters() if name.endswith("weight"))
    return Case(folder, expected, weight.detach().numpy()[0], network=model)


# --- graphs ---


def conv(folder: Path) -> Case:
    """relu(conv(x)) flattened, times a matrix."""
    random = np.random.default_rng(0)
    x = random.standard_normal((ROWS, 3, 8, 8)).astype(np.float32)
    kernel = random.standard_normal((16, 3, 3, 3)).astype(np.float32)
    matrix = random.standard_normal((16 * 36, 5)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("MatMul", ["f", "matrix"], ["y"]),
    ]
    return _graph(folder, nodes, {"x": x}, ["y"], {"kernel": kernel, "matrix": matrix})


def vit_block(folder: Path) -> Case:
    """A small vision transformer of one block: patches, attention, two layers with GELU, and a head."""
    x = np.random.default_rng(0).standard_normal((ROWS, *vit.IMAGE)).astype(np.float32)
    return _graph(folder, vit.nodes(), {"x": x}, ["y"], vit.weights())


def ports(folder: Path) -> Case:
    """The sum and the difference of two inputs, as a graph whose names have slashes, colons, dots and blanks."""
    random = np.random.default_rng(0)
    one, other = (random.standard_normal((ROWS, 4)).astype(np.float32) for _ in range(2))
    nodes = [
        helper.make_node("Add", ["x", "b y.0"], ["the/sum:0"], name="the sum"),
        helper.make_node("Sub", ["x", "b y.0"], ["the.difference"], name="a/difference"),
    ]
    return _graph(folder, nodes, {"x": one, "b y.0": other}, ["the/sum:0", "the.difference"])


def typed(folder: Path) -> Case:
    """Floats, whole numbers of 64 bits and truth values go in, and come out."""
    random = np.random.default_rng(0)
    feed: Arrays = {
        "x": random.standard_normal((ROWS, 4)).astype(np.float32),
        "n": random.integers(-1000, 1000, (ROWS, 4)),
        "b": random.integers(0, 2, (ROWS, 4)).astype(bool),
    }
    nodes = [
        helper.make_node("Cast", ["n"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Where", ["b", "x", "f"], ["chosen"]),
        helper.make_node("Add", ["n", "n"], ["twice"]),
        helper.make_node("Not", ["b"], ["other"]),
    ]
    return _graph(folder, nodes, feed, ["chosen", "twice", "other"])


def scalar(folder: Path) -> Case:
    """Four numbers times one without an axis, and their sum, which has none either. The model has no batch."""
    random = np.random.default_rng(0)
    feed = {name: random.standard_normal((ROWS, *size)).astype(np.float32) for name, size in (("x", [4]), ("s", []))}
    nodes = [
        helper.make_node("Mul", ["x", "s"], ["y"]),
        helper.make_node("ReduceSum", ["y"], ["total"], keepdims=0),
    ]
    return _graph(folder, nodes, feed, ["y", "total"], batched=False)


def empty(folder: Path) -> Case:
    """Four numbers beside none, and none of them."""
    x = np.random.default_rng(0).standard_normal((ROWS, 4)).astype(np.float32)
    feed = {"x": x, "e": np.zeros((ROWS, 0), np.float32)}
    nodes = [
        helper.make_node("Concat", ["x", "e"], ["beside"], axis=1),
        helper.make_node("Relu", ["beside"], ["y"]),
        helper.make_node("Slice", ["x", "zero", "zero", "one"], ["none"]),
    ]
    edges = {"zero": np.array([0]), "one": np.array([1])}
    return _graph(folder, nodes, feed, ["y", "none"], edges)


def quantised(folder: Path) -> Case:
    """A matrix product in a graph that somebody quantised: its input and weights are integers between Q and DQ."""
    random = np.random.default_rng(0)
    x = random.standard_normal((ROWS, 8)).astype(np.float32)
    numbers = random.integers(-127, 128, (8, 5)).astype(np.int8)
    weights: Arrays = {"w": numbers, "scale": np.array(1 / 64, np.float32), "zero": np.array(0, np.int8)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "scale", "zero"], ["m"]),
        helper.make_node("MatMul", ["d", "m"], ["y"]),
    ]
    return _graph(folder, nodes, {"x": x}, ["y"], weights)


def exotic(folder: Path) -> Case:
    """A graph with an operator that no runtime has."""
    x = np.random.default_rng(0).standard_normal((ROWS, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Relu", ["x"], ["r"], name="first"),
        helper.make_node("Zebra", ["r"], ["y"], name="the_odd_one", domain="some.where"),
    ]
    _data(folder, {"x": x}, _shapes({"x": x}))
    _saved(folder, nodes, {"x": x}, [_port("y", x)])
    return Case(folder, x, x[0])


def node(folder: Path, kind: str) -> Case:
    """One recurrent node of two directions that starts from given states: the whole sequence and the last state. Its
    second axis is the batch, as ONNX has it: the model has none."""
    random, wide = np.random.default_rng(0), 4 * GATES[kind]

    def drawn(*size: int) -> npt.NDArray[np.float32]:
        return random.standard_normal(size).astype(np.float32)

    states = ["h", "c"] if kind == "LSTM" else ["h"]
    feed = {"x": drawn(ROWS, 3, 2, 2), **{state: drawn(ROWS, 2, 2, 4) for state in states}}
    weights = {"w": drawn(2, wide, 2), "r": drawn(2, wide, 4), "b": drawn(2, 2 * wide)}
    given = ["x", "w", "r", "b", "", *states]
    cell = helper.make_node(kind, given, ["y", "y_h"], name="cell", direction="bidirectional", hidden_size=4)
    return _graph(folder, [cell], feed, ["y", "y_h"], weights, batched=False)


def rnn_node(folder: Path) -> Case:
    return node(folder, "RNN")


def gru_node(folder: Path) -> Case:
    return node(folder, "GRU")


def lstm_node(folder: Path) -> Case:
    return node(folder, "LSTM")


def _graph(
    folder: Path,
    nodes: Sequence[onnx.NodeProto],
    feed: Arrays,
    outputs: Sequence[str],
    weights: Arrays = NOTHING,
    batched: bool = True,
) -> Case:
    """A graph and what onnx's own interpreter makes of each row of `feed`; without a batch its sizes are a row's."""
    _data(folder, feed, _shapes(feed, batched))
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    unknown = [helper.make_empty_tensor_value_info(name) for name in outputs]
    model = _model(nodes, feed, unknown, tensors, batched)
    found = _evaluated(model, feed, batched)
    ports = [_port(name, array, batched) for name, array in zip(outputs, found, strict=True)]
    _saved(folder, nodes, feed, ports, tensors, batched)
    matrix = next((one for one in weights.values() if one.ndim > 1), np.zeros(1))
    return Case(folder, found[0], matrix[0], dict(zip(outputs, found, strict=True)))


def _evaluated(model: onnx.ModelProto, feed: Arrays, batched: bool) -> list[npt.NDArray[Any]]:
    evaluator = ReferenceEvaluator(model)
    if batched:
        return [np.asarray(one) for one in evaluator.run(None, dict(feed))]
    rows = [evaluator.run(None, {name: array[row] for name, array in feed.items()}) for row in range(ROWS)]
    return [np.stack([np.asarray(one) for one in column]) for column in zip(*rows, strict=True)]


def _model(
    nodes: Sequence[onnx.NodeProto],
    feed: Arrays,
    outputs: Sequence[onnx.ValueInfoProto],
    tensors: Sequence[onnx.TensorProto],
    batched: bool,
) -> onnx.ModelProto:
    inputs = [_port(name, array, batched) for name, array in feed.items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, tensors)
    others = sorted({one.domain for one in nodes if one.domain})
    opsets = [helper.make_opsetid("", OPSET), *(helper.make_opsetid(domain, 1) for domain in others)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def _saved(
    folder: Path,
    nodes: Sequence[onnx.NodeProto],
    feed: Arrays,
    outputs: Sequence[onnx.ValueInfoProto],
    tensors: Sequence[onnx.TensorProto] = (),
    batched: bool = True,
) -> None:
    (folder / "graph").mkdir()
    onnx.save(_model(nodes, feed, outputs, tensors, batched), folder / "graph/model.onnx")


def _port(name: str, array: npt.NDArray[Any], batched: bool = True) -> onnx.ValueInfoProto:
    sizes = [*(["batch"] if batched else []), *array.shape[1:]]
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), sizes)


def _shapes(feed: Arrays, batched: bool = True) -> Mapping[str, Any]:
    first = ["batch"] if batched else []
    return {"shapes": {name: [*first, *array.shape[1:]] for name, array in feed.items()}}


def _data(folder: Path, feed: Arrays, about: Mapping[str, Any]) -> None:
    (folder / "data").mkdir()
    split = {**{f"in/{name}": array for name, array in feed.items()}, "target": np.zeros(ROWS, np.float32)}
    arrays.write(arrays.Dataset({"test": split, "calibration": split}, about), folder / "data")


MADE = {
    make.__name__: make
    for make in (
        bilstm, gru, lstm, mobilenet_v1, conv, vit_block, ports, typed, scalar, empty, quantised, exotic, rnn_node,
        gru_node, lstm_node,
    )
}  # fmt: skip
