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


def one_node(path: Path, op: str, x: Sequence[DIM], y: Sequence[DIM], **attributes: object) -> str:
    """y = op(x): float32 into float32, or into int64 where it is an ArgMax."""
    kind = TensorProto.INT64 if op == "ArgMax" else TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)]
    outputs = [helper.make_tensor_value_info("y", kind, y)]
    return save(path, helper.make_graph([helper.make_node(op, ["x"], ["y"], **attributes)], op, inputs, outputs))


def two_outputs(path: Path) -> str:
    """scores = relu(x), size = sum(x)."""
    nodes = [helper.make_node("Relu", ["x"], ["scores"]), helper.make_node("ReduceSum", ["x"], ["size"])]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])]
    shapes = {"scores": [1, 4], "size": [1, 1]}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    return save(path, helper.make_graph(nodes, "two_outputs", inputs, outputs))


def rows_of_a_size_in_the_input(path: Path) -> str:
    """y = x reshaped into the size that another input holds: no shape until it runs."""
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [4]),
        helper.make_tensor_value_info("size", TensorProto.INT64, [1]),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])]
    return save(path, helper.make_graph([helper.make_node("Reshape", ["x", "size"], ["y"])], "sized", inputs, outputs))


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


def external(name: str, file: str, values: int = 16) -> TensorProto:
    """A float32 tensor whose values lie in `file`, beside the model."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[values], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=file)
    tensor.external_data.add(key="length", value=str(4 * values))
    return tensor


def weights_in(where: str, path: Path) -> str:
    """y = x + w, with w in `w.bin`: used in a branch of an `If`, in the body of a `Loop`, in a `Constant`, or in a
    function."""
    (path.parent / "w.bin").write_bytes(np.arange(16, dtype=np.float32).tobytes())
    tensor = external("w", "w.bin")
    value = helper.make_tensor_value_info
    x, y = (value(name, TensorProto.FLOAT, [16]) for name in "xy")
    always = numpy_helper.from_array(np.array(True), "always")
    add, constant = helper.make_node("Add", ["x", "w"], ["y"]), helper.make_node("Constant", [], ["w"], value=tensor)
    if where == "constant":
        return save(path, helper.make_graph([constant, add], "g", [x], [y]))
    if where == "branch":
        branch = helper.make_graph(
            [helper.make_node("Add", ["x", "w"], ["z"])], "b", [], [value("z", 1, [16])], [tensor]
        )
        node = helper.make_node("If", ["always"], ["y"], then_branch=branch, else_branch=branch)
        return save(path, helper.make_graph([node], "g", [x], [y], [always]))
    if where == "loop":
        once = numpy_helper.from_array(np.array(1, np.int64), "once")
        inner = [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["old", "w"], ["new"])]
        ins = [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("old", 1, [16])]
        body = helper.make_graph(inner, "b", ins, [value("on", TensorProto.BOOL, []), value("new", 1, [16])], [tensor])
        node = helper.make_node("Loop", ["once", "always", "x"], ["y"], body=body)
        return save(path, helper.make_graph([node], "g", [x], [y], [always, once]))
    own = helper.make_opsetid("own", 1)
    opsets = [helper.make_opsetid("", 13), own]
    function = helper.make_function("own", "Shift", ["x"], ["y"], [constant, add], opsets)
    graph = helper.make_graph([helper.make_node("Shift", ["x"], ["y"], domain="own")], "g", [x], [y])
    onnx.save(helper.make_model(graph, functions=[function], opset_imports=opsets, ir_version=8), path)
    return str(path)
