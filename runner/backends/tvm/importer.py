"""From an ONNX graph to a Relax module."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from tvm.relax.frontend.onnx import onnx_frontend

from runner.backends.tvm import recurrent, refusal, unheeded
from runner.core.errors import RunnerError
from runner.graphs import folding, onnx_graph
from runner.graphs.unheeded import first

DOMAINS = ("", "ai.onnx", "com.microsoft")  # TVM looks at a node's type alone
OWN = ("If", "Constant")  # what the importer does beside its converters


def module_of(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]]) -> Any:
    """`tvm.IRModule` with a function `main` of the graph's inputs in order, all of the `shapes` given. Nodes without a
    name get their first output's, in place.

    Raises Unsupported naming the node that can't be converted.
    """
    if folding.asks(model):  # TVM reshapes and pads by numbers alone
        model = folding.folded(folding.sized(model, shapes))
    for node in model.graph.node:
        node.name = node.name or node.output[0]
    _check(model)
    opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that it changes for itself: inputs go by their places
        return _Importer(shapes).from_onnx(model.graph, opset)


def _check(model: onnx.ModelProto) -> None:
    known = {*onnx_frontend._get_convert_map(), *OWN, *recurrent.GATES}
    for node in model.graph.node:
        if node.op_type not in known or node.domain not in DOMAINS:
            raise refusal.of_node(node, "it has no such operator")
    if (found := first(model, unheeded.RULES)) is not None:
        raise refusal.of_node(*found)


class _Importer(onnx_frontend.ONNXGraphImporter):  # type: ignore[misc,unused-ignore]
    """TVM's own, with the recurrent operators, and with the node's name in what it says."""

    def __init__(self, shapes: Mapping[str, Sequence[int]]) -> None:
        super().__init__({name: list(sizes) for name, sizes in shapes.items()}, None)

    def _check_for_unsupported_ops(self, graph: onnx.GraphProto) -> None:
        """Done before, with the node's name."""

    def _convert_operator(self, op_name: str, inputs: Any, attrs: Any, opset: int) -> Any:
        named = onnx.NodeProto(op_type=op_name, name=attrs["tvm_custom"]["name"])
        try:
            if op_name in recurrent.GATES:
                return self.bb.normalize(recurrent.converted(op_name, self.bb, inputs, attrs))
            if op_name == "Tile":
                return unheeded.tiled(self.bb.emit, inputs)
            if op_name == "Resize" and "axes" in attrs:
                inputs, attrs = unheeded.over_all_axes(inputs, attrs)
            unheeded.check(op_name, inputs, attrs)
            return super()._convert_operator(op_name, inputs, attrs, opset)
        except RunnerError:
            raise
        except Exception as error:  # TVM's, numpy's and Python's own share no base class
            raise refusal.of_node(named, onnx_graph.first_line(error).rstrip(".")) from error
