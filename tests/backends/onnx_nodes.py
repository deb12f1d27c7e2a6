"""Graphs of one node, with drawn inputs, and what ONNX Runtime makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STEPS, BATCH, FEATURES, HIDDEN = 3, 2, 2, 4
LENGTHS = np.array([3, 1], np.int32)


class Case(NamedTuple):
    model: onnx.ModelProto
    feed: dict[str, Any]


def graph(nodes: list[onnx.NodeProto], feed: Mapping[str, Any], outputs: list[str], **constants: Any) -> Case:
    """A model of the nodes whose inputs are `feed`."""
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in feed.items()
    ]
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    made = helper.make_graph(nodes, "nodes", inputs, given, weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return Case(model, dict(feed))


def recurrent(
    kind: str,
    *,
    direction: str = "forward",
    bias: bool = True,
    states: bool = False,
    without: str = "",
    lengths: bool = False,
    peepholes: bool = False,
    features: int = FEATURES,
    **attributes: Any,
) -> Case:
    """One recurrent node called `cell`; `states` are its `h` and an LSTM's `c`, but for the one `without`."""
    random, directions, wide = np.random.default_rng(0), 1 + (direction == "bidirectional"), GATES[kind] * HIDDEN

    def drawn(*shape: int) -> Any:
        return random.standard_normal(shape).astype(np.float32)

    feed = {"x": drawn(STEPS, BATCH, features)}
    constants = {"w": drawn(directions, wide, features), "r": drawn(directions, wide, HIDDEN)}
    optional: dict[str, Any] = {"b": drawn(directions, 2 * wide) if bias else None}
    optional["l"] = LENGTHS if lengths else None
    for name in ("h", "c") if kind == "LSTM" else ("h",):
        optional[name] = drawn(directions, BATCH, HIDDEN) if states and name != without else None
    if peepholes:
        optional["p"] = drawn(directions, 3 * HIDDEN)
    feed |= {name: array for name, array in optional.items() if name in "hc" and array is not None}
    constants |= {name: array for name, array in optional.items() if name not in "hc" and array is not None}
    names = ["x", "w", "r", *(name if array is not None else "" for name, array in optional.items())]
    outputs = ["y", "y_h", "y_c"][: 3 if kind == "LSTM" else 2]
    about = {"name": "cell", "direction": direction, "hidden_size": HIDDEN, **attributes}
    return graph([helper.make_node(kind, names, outputs, **about)], feed, outputs, **constants)


def reference(case: Case) -> list[Any]:
    """ONNX Runtime's outputs."""
    content = case.model.SerializeToString()
    return list(onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, case.feed))
