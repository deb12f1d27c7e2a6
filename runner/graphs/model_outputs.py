"""What the graph of a user's file says of its outputs, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from runner.graphs import onnx_graph
from runner.tensors.labels import Output

# What hands values on: the kind of answer (scores, probabilities, a class number) stays what it was.
CARRIES = (
    "Cast", "CastLike", "Identity", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Transpose", "QuantizeLinear",
    "DequantizeLinear",
)  # fmt: skip


def outputs_of(model: onnx.ModelProto) -> dict[str, Output]:
    """`{name: output}`; `model` has its inputs' sizes fixed. A shape that can't be inferred is None."""
    try:
        known = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # whatever inference can't do, the runtime may: the data step sees the outputs
        known = model
    shapes = {value.name: onnx_graph.dims(value) for value in known.graph.value_info if _has_shape(value)}
    makers = {name: node for node in known.graph.node for name in node.output if name}
    batched = onnx_graph.is_batched(model)
    return {value.name: _output(value, makers, shapes, batched) for value in known.graph.output}


def _output(
    value: onnx.ValueInfoProto,
    makers: Mapping[str, onnx.NodeProto],
    shapes: Mapping[str, list[int | str]],
    batched: bool,
) -> Output:
    maker = _maker(value.name, makers)
    if not value.type.HasField("tensor_type"):
        return Output(value.name, None, "", maker.op_type if maker else "")
    return Output(
        value.name,
        _sample(onnx_graph.dims(value), batched) if _has_shape(value) else None,
        onnx_graph.dtype(value),
        maker.op_type if maker else "",
        _classes(maker, shapes) if maker else None,
    )


def _has_shape(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.HasField("tensor_type") and value.type.tensor_type.HasField("shape"))


def _sample(dims: list[int | str], batched: bool) -> tuple[int, ...] | None:
    """The sizes of one sample, None where one is open."""
    sizes = dims[1:] if batched else dims
    return tuple(size for size in sizes if isinstance(size, int)) if all(isinstance(s, int) for s in sizes) else None


def _maker(name: str, makers: Mapping[str, onnx.NodeProto]) -> onnx.NodeProto | None:
    """The node whose kind of answer it is."""
    node = makers.get(name)
    while node is not None and node.op_type in CARRIES and node.input:
        node = makers.get(node.input[0])
    return node


def _classes(maker: onnx.NodeProto, shapes: Mapping[str, list[int | str]]) -> int | None:
    """Among how many an ArgMax chooses."""
    shape = shapes.get(maker.input[0]) if maker.op_type == "ArgMax" else None
    axis = next((item.i for item in maker.attribute if item.name == "axis"), 0)
    size = shape[axis] if shape and -len(shape) <= axis < len(shape) else None
    return size if isinstance(size, int) else None
