"""Small ONNX files as users have them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DIM = int | str


def lookup_and_add(path: Path, ids: Sequence[DIM], x: Sequence[DIM]) -> str:
    """y = mean(table[ids]) @ w + x: an int64 and a float32 input, weights by seed."""
    draw = np.random.default_rng(0)
    weights = {"table": draw.normal(size=(5, 4)), "w": draw.normal(size=(4, 4))}
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("ReduceMean", ["rows"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["mean", "w"], ["product"]),
        helper.make_node("Add", ["product", "x"], ["y"]),
    ]
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ids),
        helper.make_tensor_value_info("x", TensorProto.FLOAT, x),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 4])]
    tensors = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()]
    return save(path, helper.make_graph(nodes, "lookup_and_add", inputs, outputs, tensors))


def save(path: Path, graph: onnx.GraphProto, **options: object) -> str:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path, **options)
    return str(path)


def with_external_weights(path: Path) -> str:
    """The same model, its weights in `weights.bin` beside it."""
    model = onnx.load(lookup_and_add(path, [1, 3], [1, 4]))
    path.unlink()
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    return str(path)
