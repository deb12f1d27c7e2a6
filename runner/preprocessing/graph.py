"""The same preprocessing as nodes of an ONNX graph, before a model's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper, version_converter

from runner.preprocessing.description import CHANNELS_FIRST, Preprocessing

ANTIALIASED = 18  # the opset from which Resize can antialias
PREFIX = "preprocess/"  # of the nodes' names
RESIZE = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
ANTIALIAS = {"antialias": 1, "exclude_outside": 1}  # only where an image gets smaller: not every runtime has it

Operation = tuple[str, list[str], dict[str, Any]]  # its type, further inputs, attributes


def joined(model: onnx.ModelProto, inputs: Mapping[str, Preprocessing]) -> onnx.ModelProto:
    """`model` with its inputs raw: each keeps its name, its samples have the raw ones' shape and type. Raises what
    onnx raises where it can't convert the model to an opset that has the nodes."""
    model = _recent(model) if any(one.shrinks for one in inputs.values()) else model
    for name, one in inputs.items():
        model = compose.merge_models(alone(name, one, model), model, io_map=[(_ready(name), name)])
    return model


def alone(name: str, one: Preprocessing, like: onnx.ModelProto) -> onnx.ModelProto:
    """A model of the preprocessing of input `name` alone, in the opsets of another: `name` to `preprocess/<name>`."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(one.dtype))
    nodes, constants = _nodes(name, one)
    graph = helper.make_graph(
        nodes,
        "preprocessing",
        [helper.make_tensor_value_info(name, kind, ["batch", *one.shape])],
        [helper.make_tensor_value_info(_ready(name), TensorProto.FLOAT, ["batch", *one.ready])],
        constants,
    )
    opsets = [one for one in like.opset_import if one.domain in ("", "ai.onnx")]
    return helper.make_model(graph, opset_imports=opsets, ir_version=like.ir_version)


def _ready(name: str) -> str:
    return f"{PREFIX}{name}"


def _recent(model: onnx.ModelProto) -> onnx.ModelProto:
    opset = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    return model if opset >= ANTIALIASED else version_converter.convert_version(model, ANTIALIASED)


def _nodes(name: str, one: Preprocessing) -> tuple[list[onnx.NodeProto], list[TensorProto]]:
    """Laid out, cast, resized, normalised: bytes are moved while they are bytes."""
    return _chained(name, list(_steps(_ready(name), one))), _constants(name, one)


def _steps(ready: str, one: Preprocessing) -> Iterator[Operation]:
    first = one.layout == CHANNELS_FIRST
    if first:
        yield "Transpose", [], {"perm": [0, 3, 1, 2]}
    yield "Cast", [], {"to": helper.np_dtype_to_tensor_dtype(np.dtype(one.computed_in))}
    if one.resized:
        yield "Resize", ["", f"{ready}/scales"], {**RESIZE, **(ANTIALIAS if one.shrinks else {})}
    yield "Sub", [f"{ready}/mean"], {}
    yield "Div", [f"{ready}/std"], {}
    if one.computed_in != "float32":
        yield "Cast", [], {"to": TensorProto.FLOAT}


def _constants(name: str, one: Preprocessing) -> list[TensorProto]:
    by_channel = (-1, 1, 1) if one.layout == CHANNELS_FIRST else (-1,)
    made = {
        "mean": np.array(one.mean, one.computed_in).reshape(by_channel),
        "std": np.array(one.std, one.computed_in).reshape(by_channel),
    }
    if one.resized:
        both = [_scale(*sizes) for sizes in zip(one.shape[:2], one.size or (), strict=True)]
        made["scales"] = np.array([1, 1, *both] if one.layout == CHANNELS_FIRST else [1, *both, 1], np.float32)
    return [numpy_helper.from_array(array, f"{_ready(name)}/{what}") for what, array in made.items()]


def _scale(old: int, new: int) -> np.float32:
    """With which `old` pixels become `new` where the product is cut: float32's 0.32 · 100 is 31.99…"""
    near = np.float32(new / old)
    return near if int(float(near) * old) == new else np.nextafter(near, np.float32(np.inf))


def _chained(name: str, steps: Sequence[Operation]) -> list[onnx.NodeProto]:
    """A node for each, one after the other."""
    nodes, value = [], name
    for number, (operator, further, attributes) in enumerate(steps, 1):
        own = f"{_ready(name)}/{operator}_{number}"
        out = _ready(name) if number == len(steps) else own
        nodes.append(helper.make_node(operator, [value, *further], [out], name=own, **attributes))
        value = out
    return nodes
