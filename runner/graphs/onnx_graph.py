"""What an ONNX graph says of itself, and how samples are fed to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from runner.core.errors import SpecError
from runner.worker import values


def describe(values: Any) -> list[dict[str, Any]]:
    """`[{name, shape, dtype}]` of graph inputs or outputs; symbolic dimensions as strings, unknown ones as `?`."""
    return [{"name": v.name, "shape": dims(v), "dtype": dtype(v)} for v in values]


def dims(value: onnx.ValueInfoProto) -> list[int | str]:
    """The dimensions of a tensor."""
    found = tensor(value.type).shape.dim
    return [d.dim_value if d.HasField("dim_value") else d.dim_param or "?" for d in found]


def dtype(value: onnx.ValueInfoProto) -> str:
    """The tensor's element type by numpy's or ml_dtypes' name, `str` for text; of a sequence its elements'."""
    kind = tensor(value.type).elem_type
    if kind not in onnx.TensorProto.DataType.values() or kind == onnx.TensorProto.UNDEFINED:
        raise SpecError(f"{value.name}: element type {kind} is none of ONNX's.", "Export the model again.")
    return TEXT if kind == onnx.TensorProto.STRING else str(onnx.helper.tensor_dtype_to_np_dtype(kind))


def tensor(kind: onnx.TypeProto) -> onnx.TypeProto.Tensor:
    """The tensor that a type is, or that a sequence, a map or an optional value is made of."""
    name = kind.WhichOneof("value")
    if name in ("sequence_type", "optional_type"):
        return tensor(getattr(kind, name).elem_type)
    return tensor(kind.map_type.value_type) if name == "map_type" else kind.tensor_type


def container(value: onnx.ValueInfoProto) -> str:
    """`sequence`, `map`, `optional`, … where a value is no tensor; "" of a tensor."""
    return (value.type.WhichOneof("value") or "tensor_type").removesuffix("_type").removesuffix("tensor")


def graphs(part: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph, its branches and loops, and theirs."""
    yield part
    for node in part.node:
        for attribute in node.attribute:
            for branch in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
                yield from graphs(branch)


def nodes(part: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """All nodes, those of branches and loops too."""
    return (node for graph in graphs(part) for node in graph.node)


QUANTISED = re.compile("[Qq]uantizeLinear|^QLinear|^Q[A-Z]|Integer")


def quantised_types(model: onnx.ModelProto) -> list[str]:
    """The graph's op types that quantise, or compute with what is quantised."""
    return sorted({node.op_type for node in nodes(model.graph) if QUANTISED.search(node.op_type)})


def inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The graph's inputs without those that an initializer fills (ONNX IR 3)."""
    filled = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in filled]


def parameters(model: onnx.ModelProto) -> tuple[int, int]:
    """(all, non-zero) numbers in floating-point initializers.

    Left out are those whose bytes are not of their shape: a runtime that takes such a file doesn't use them.
    """
    weights = []
    for one in model.graph.initializer:
        with suppress(ValueError):
            weights += [numpy_helper.to_array(one)] if one.data_type in FLOATS else []
    return sum(w.size for w in weights), sum(int(np.count_nonzero(w)) for w in weights)


TEXT = values.TEXT
FLOATS = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.DOUBLE,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
)


def is_batched(model: onnx.ModelProto) -> bool:
    """True where the first axis of every input is symbolic, the batch; otherwise a run takes whole inputs."""
    taken = inputs(model)
    return bool(taken) and all(dims(value)[:1] == ["batch"] and not container(value) for value in taken)


def feeds(model: onnx.ModelProto, arrays: Mapping[str, Any], batch: int) -> Iterator[dict[str, NDArray[Any]]]:
    """Inputs of successive runs over all samples (first axis of `arrays`, or of what slices like one): `batch` rows
    where the model is batched, otherwise one sample, which has the whole shape of the input. One run without
    inputs where there are none."""
    samples = len(next(iter(arrays.values()), [0]))
    if not is_batched(model):
        batch = 1
    for start in range(0, samples, batch):
        rows = {name: array[start : start + batch] for name, array in arrays.items()}
        yield rows if is_batched(model) else {name: np.asarray(array[0]) for name, array in rows.items()}


def opened(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy without sizes, but for a free batch: where a branch that never runs doesn't fit the sizes asked for, a
    runtime refuses a graph that has them and runs one that hasn't."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.ClearField("value_info")
    for value in inputs(copy):
        for number, dim in enumerate(value.type.tensor_type.shape.dim):
            if not dim.dim_param:
                dim.Clear()
                dim.dim_param = f"{value.name}_{number}"
    for output in copy.graph.output:
        if output.type.HasField("tensor_type"):
            output.type.tensor_type.ClearField("shape")
    return copy


def first_line(error: BaseException) -> str:
    """The first line of a library's message, shortened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:300]
