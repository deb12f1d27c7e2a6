from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper

from runner.core.errors import SpecError
from runner.graphs import onnx_graph


@pytest.mark.parametrize("kind", [TensorProto.UNDEFINED, 99])
def test_an_element_type_that_onnx_has_not_is_refused(kind: int) -> None:
    value = helper.make_tensor_value_info("x", kind, [1])
    with pytest.raises(SpecError, match=f"x: element type {kind} is none of ONNX's"):
        onnx_graph.dtype(value)


def test_a_weight_that_no_runtime_could_use_is_not_counted() -> None:
    weights = [
        helper.make_tensor("w", TensorProto.FLOAT, [3], [0.0, 1.0, 2.0]),
        onnx.TensorProto(name="broken", data_type=TensorProto.FLOAT, dims=[2], raw_data=b"12345"),
        helper.make_tensor("whole", TensorProto.INT64, [2], [1, 2]),
    ]
    model = helper.make_model(helper.make_graph([], "g", [], [], weights))
    assert onnx_graph.parameters(model) == (3, 2)
