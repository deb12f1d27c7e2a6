"""What of a graph doesn't depend on its inputs' values is computed before it is converted."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from runner.graphs import folding


def reshaped() -> onnx.ModelProto:
    """x of an open batch as (batch, 12), by the graph's own question for its size."""
    nodes = [
        helper.make_node("Shape", ["x"], ["rows"], end=1),
        helper.make_node("Concat", ["rows", "twelve"], ["sizes"], axis=0),
        helper.make_node("Reshape", ["x", "sizes"], ["y"]),
    ]
    return graph(nodes, ["batch", 3, 4], [numpy_helper.from_array(np.array([12]), "twelve")])


def graph(nodes: list[onnx.NodeProto], sizes: list[int | str], constants: list[onnx.TensorProto]) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, sizes)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    made = helper.make_graph(nodes, "g", [x], [y], constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_sizes_that_a_graph_asks_for_are_numbers_once_its_inputs_are_fixed() -> None:
    model = reshaped()
    assert folding.asks(model)
    found = folding.folded(folding.sized(model, {"x": [2, 3, 4]}))
    assert [node.op_type for node in found.graph.node] == ["Reshape"]
    assert not folding.asks(found)
    constants = {one.name: numpy_helper.to_array(one).tolist() for one in found.graph.initializer}
    assert constants[found.graph.node[0].input[1]] == [2, 12]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"  # the source stays as it was


def test_a_graph_that_onnx_runtime_cant_read_stays_as_it_is() -> None:
    model = graph([helper.make_node("Foo", ["x"], ["y"], domain="mine")], [2], [])
    assert folding.folded(model) == model
