"""Tiny `.tflite` files, written by LiteRT's own schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

Array = npt.NDArray[Any]
TYPES = {"float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8, "int32": schema.TensorType.INT32}


@dataclass(frozen=True)
class Tensor:
    """Its sizes (-1 leaves one open), its type, its values where it is a constant, and its scale where it has one."""

    sizes: Sequence[int]
    dtype: str = "float32"
    values: Array | None = None
    scale: float = 0.0


def dense(path: Path, weight: Array, sizes: Sequence[int], names: tuple[str, str] | None = None) -> None:
    """y = relu(x · weightᵀ), x of `sizes`; with `names` it has a signature that calls x and y so."""
    tensors = {
        "x": Tensor(sizes),
        "weight": Tensor(weight.shape, values=weight),
        "h": Tensor([*sizes[:-1], len(weight)]),
        "y": Tensor([*sizes[:-1], len(weight)]),
    }
    nodes = [("FULLY_CONNECTED", ["x", "weight"], ["h"]), ("RELU", ["h"], ["y"])]
    write(path, tensors, nodes, ["x"], ["y"], names)


def relu(path: Path, sizes: Sequence[int]) -> None:
    """y = relu(x), both of `sizes`."""
    write(path, {"x": Tensor(sizes), "y": Tensor(sizes)}, [("RELU", ["x"], ["y"])], ["x"], ["y"], None)


def integers(path: Path) -> None:
    """y = -x, int8 with a scale of 0.5 in and 0.25 out."""
    tensors = {
        "x": Tensor([1, 4], "int8", scale=0.5),
        "zero": Tensor([1], "int8", np.zeros(1, np.int8), scale=0.5),
        "y": Tensor([1, 4], "int8", scale=0.25),
    }
    write(path, tensors, [("SUB", ["zero", "x"], ["y"])], ["x"], ["y"], None)


def unknown(path: Path) -> None:
    """An operator that is nobody's."""
    tensors = {"x": Tensor([1, 4]), "y": Tensor([1, 4])}
    write(path, tensors, [("mine", ["x"], ["y"])], ["x"], ["y"], None)


def write(
    path: Path,
    tensors: Mapping[str, Tensor],
    nodes: Sequence[tuple[str, list[str], list[str]]],
    inputs: list[str],
    outputs: list[str],
    names: tuple[str, str] | None,
) -> None:
    """A file of these tensors and nodes (type, inputs, outputs)."""
    places, model = {name: at for at, name in enumerate(tensors)}, schema.ModelT()
    model.version, model.buffers = 3, [schema.BufferT(), *(_buffer(one) for one in tensors.values())]
    model.operatorCodes = [_code(kind) for kind, *_ in nodes]
    graph = schema.SubGraphT()
    graph.tensors = [_tensor(name, one, places[name] + 1) for name, one in tensors.items()]
    graph.inputs, graph.outputs = ([places[name] for name in one] for one in (inputs, outputs))
    graph.operators = [
        _operator(at, kind, *([places[name] for name in one] for one in ports))
        for at, (kind, *ports) in enumerate(nodes)
    ]
    model.subgraphs = [graph]
    model.signatureDefs = [_signature(names, graph)] if names else None
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())


def _buffer(one: Tensor) -> Any:
    buffer = schema.BufferT()
    if one.values is not None:
        buffer.data = np.frombuffer(one.values.tobytes(), np.uint8)
    return buffer


def _tensor(name: str, one: Tensor, buffer: int) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.buffer = name.encode(), TYPES[one.dtype], buffer
    tensor.shape = [abs(size) for size in one.sizes]
    tensor.shapeSignature = list(one.sizes)
    if one.scale:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [one.scale], [0]
    return tensor


def _code(kind: str) -> Any:
    code = schema.OperatorCodeT()
    known = getattr(schema.BuiltinOperator, kind, schema.BuiltinOperator.CUSTOM)
    code.builtinCode, code.version = known, 2 if kind == "SUB" else 1
    code.deprecatedBuiltinCode = min(known, 127)
    code.customCode = kind.encode() if known == schema.BuiltinOperator.CUSTOM else None
    return code


def _operator(at: int, kind: str, inputs: list[int], outputs: list[int]) -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = at, inputs, outputs
    options = {"FULLY_CONNECTED": "FullyConnectedOptions", "SUB": "SubOptions"}.get(kind)
    if options:
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, f"{options}T")()
    return operator


def _signature(names: tuple[str, str], graph: Any) -> Any:
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    for ports, name, place in (("inputs", names[0], graph.inputs[0]), ("outputs", names[1], graph.outputs[0])):
        port = schema.TensorMapT()
        port.name, port.tensorIndex = name.encode(), place
        setattr(signature, ports, [port])
    return signature
