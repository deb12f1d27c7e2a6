"""How far rounding alone moves a float model's outputs, of graphs where that is known."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from runner.graphs import float_reference

ONE = numpy_helper.from_array(np.ones((1, 3), np.float32), "one")


def model(op: str, *inputs: str, kind: int = TensorProto.FLOAT) -> onnx.ModelProto:
    ports = [helper.make_tensor_value_info(name, kind, [1, 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node(op, inputs, ["y"])], "g", ports[:1], ports[1:], [ONE])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def rounded(made: onnx.ModelProto, x: list[float], kind: type = np.float32) -> float:
    return float_reference.rounded(made, {"x": np.array([[x]], kind)})


def test_a_graph_that_only_hands_on_moves_as_its_inputs_do() -> None:
    assert rounded(model("Abs", "x"), [1, -2, 3]) == pytest.approx(4 * 2.0**-23, rel=0.1)


def test_what_cancels_out_has_the_rounding_of_its_parts() -> None:
    x = float(np.float32(1 - 2.0**-20))
    assert rounded(model("Sub", "one", "x"), [x, x, x]) == pytest.approx(0.5, rel=0.1)  # 4 units of 2^-23 in 2^-20


def test_whole_numbers_have_none() -> None:
    assert rounded(model("Abs", "x", kind=TensorProto.INT32), [1, -2, 3], np.int32) == 0.0


def test_outputs_of_nothing_have_none() -> None:
    assert rounded(model("Sub", "one", "one"), [1, 2, 3]) == 0.0


def test_an_input_that_steers_is_not_moved() -> None:
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in {"x": [3], "y": [1, 1, 8]}.items()
    ]
    data = numpy_helper.from_array(np.ones((1, 1, 4), np.float32), "data")
    resized = helper.make_node("Resize", ["data", "", "x"], ["y"])  # the first two of its scales have to be 1
    graph = helper.make_graph([resized], "g", ports[:1], ports[1:], [data])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert float_reference.rounded(made, {"x": np.array([[1, 1, 2]], np.float32)}) == 0.0
