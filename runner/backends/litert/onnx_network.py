"""A graph as a PyTorch network, for the converter, which reads nothing else. Runs in the toolchain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

from runner.backends import compile_checks
from runner.backends.litert.onnx_operators import OPERATORS
from runner.backends.litert.onnx_recurrent import CELLS, Recurrent
from runner.backends.litert.onnx_values import NotMapped
from runner.core.errors import RunnerError, Unsupported
from runner.graphs import folding, onnx_graph

RESIZED = ("Resize", "Upsample")  # operators whose floats say sizes
STATES = slice(5, 7)  # places of the initial states among a recurrent node's inputs


def read(path: Path, data: Path, batch: int) -> tuple[nn.Module, dict[str, Any], Sequence[str]]:
    """(Network, a real input by name, names of outputs). Raises Unsupported naming the node that isn't mapped."""
    model = onnx.load(path)
    model = folding.folded(folding.sized(model, _shapes(model, batch)))
    inputs = onnx_graph.describe(onnx_graph.inputs(model))
    network = Graph(model)
    outputs = list(dict.fromkeys(value.name for value in model.graph.output))
    return network, compile_checks.drawn_feed(data, inputs, batch), outputs


def _shapes(model: onnx.ModelProto, batch: int) -> dict[str, list[int]]:
    """The sizes of its inputs, the open axis `batch` of them so large."""
    return {
        value.name: [size.dim_value or batch for size in value.type.tensor_type.shape.dim]
        for value in onnx_graph.inputs(model)
    }


class Graph(nn.Module):
    """The nodes, one after the other. Weights are buffers; constants of whole numbers (sizes and axes) stay numpy's, as
    does what a Resize scales by."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self.inputs = [value.name for value in onnx_graph.inputs(model)]
        self.outputs = list(dict.fromkeys(value.name for value in model.graph.output))
        self.nodes = [node for node in model.graph.node if node.op_type != "Constant"]
        self.used = {*self.outputs, *(name for node in self.nodes for name in node.input)}
        self.places: dict[str, str] = {}
        self.whole: dict[str, Any] = {}
        self.cells = nn.ModuleDict()
        constants = _constants(model)
        known = {name for node in self.nodes if node.op_type in RESIZED for name in node.input}
        for name, array in constants.items():
            self._keep(name, array, name in known)
        for at, node in enumerate(self.nodes):
            with _named(node):
                self._prepare(str(at), node, constants)

    def _keep(self, name: str, array: Any, known: bool) -> None:
        if array.dtype.kind == "f" and array.ndim and not known:
            self.places[name] = f"weight_{len(self.places)}"
            self.register_buffer(self.places[name], torch.from_numpy(array.copy()))
        else:
            self.whole[name] = array

    def _prepare(self, at: str, node: onnx.NodeProto, constants: Mapping[str, Any]) -> None:
        if node.domain not in ("", "ai.onnx") or node.op_type not in (*OPERATORS, *CELLS):
            raise NotMapped("no such operator is mapped to PyTorch")
        if node.op_type in CELLS:
            self.cells[at] = Recurrent(node.op_type, _given(node), list(node.input), constants)

    def forward(self, *inputs: torch.Tensor) -> tuple[Any, ...]:
        """The outputs, in order."""
        values: dict[str, Any] = {"": None, **self.whole, **dict(zip(self.inputs, inputs, strict=True))}
        values |= {name: self.get_buffer(place) for name, place in self.places.items()}
        for at, node in enumerate(self.nodes):
            with _named(node):
                values |= self._run(str(at), node, values)
        return tuple(values[name] for name in self.outputs)

    def _run(self, at: str, node: onnx.NodeProto, values: Mapping[str, Any]) -> dict[str, Any]:
        found = self._outputs(at, node, values)
        made = dict(zip(node.output, found if isinstance(found, tuple) else (found,), strict=False))
        lacking = [name for name in node.output if name in self.used and name not in made]
        if lacking:
            raise NotMapped(f"it gives {lacking[0]}, too")
        return made

    def _outputs(self, at: str, node: onnx.NodeProto, values: Mapping[str, Any]) -> Any:
        if at in self.cells:
            states = [values[name] for name in node.input[STATES]]
            return self.cells[at](values[node.input[0]], *states)
        given = _given(node)
        if node.op_type == "Split" and "num_outputs" not in given:
            given["num_outputs"] = len(node.output)
        return OPERATORS[node.op_type](given, *(values[name] for name in node.input))


@contextmanager
def _named(node: onnx.NodeProto) -> Iterator[None]:
    """Tells what can't be said in PyTorch with its node."""
    try:
        yield
    except RunnerError:
        raise
    except Exception as error:  # torch's own, for types and sizes that it hasn't, share no base class
        domain = f"{node.domain}." if node.domain else ""
        name = f"{node.name or node.output[0]} ({domain}{node.op_type})"
        advice = "Choose another backend, or build a .tflite yourself: model=file model.path=my.tflite"
        said = onnx_graph.first_line(error)
        raise Unsupported(f"litert can't convert node {name}: {said}.", advice) from error


def _given(node: onnx.NodeProto) -> dict[str, Any]:
    found = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    return {name: _text(value) for name, value in found.items()}


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(one) for one in value]
    return value.decode() if isinstance(value, bytes) else value


def _constants(model: onnx.ModelProto) -> dict[str, Any]:
    """Initializers, and the values of Constant nodes."""
    found = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            (value,) = _given(node).values()
            is_tensor = isinstance(value, onnx.TensorProto)
            found[node.output[0]] = numpy_helper.to_array(value) if is_tensor else np.asarray(value)
    return found
