"""What the steps ask of an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper


def describe(values: Any) -> list[dict[str, Any]]:
    """`[{name, shape, dtype}]` of graph inputs or outputs; symbolic dimensions as strings, unknown ones as `?`."""
    return [{"name": v.name, "shape": dims(v), "dtype": dtype(v)} for v in values]


def dims(value: onnx.ValueInfoProto) -> list[int | str]:
    """The dimensions of a tensor."""
    found = value.type.tensor_type.shape.dim
    return [d.dim_value if d.HasField("dim_value") else d.dim_param or "?" for d in found]


def dtype(value: onnx.ValueInfoProto) -> str:
    """The tensor's element type by numpy's name."""
    return str(onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))


def inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The graph's inputs without those that an initializer fills (ONNX IR 3)."""
    filled = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in filled]


def parameters(model: onnx.ModelProto) -> tuple[int, int]:
    """(all, non-zero) numbers in floating-point initializers."""
    weights = [numpy_helper.to_array(t) for t in model.graph.initializer if t.data_type in FLOATS]
    return sum(w.size for w in weights), sum(int(np.count_nonzero(w)) for w in weights)


FLOATS = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.DOUBLE,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
)
