"""Why TVM can't take a graph: the node by its name, and what to do."""

from __future__ import annotations

from typing import Any

from runner.core.errors import Unsupported
from runner.graphs import onnx_graph

ADVICE = "Choose another backend, or build a library yourself: model=file model.path=my.so"


class NotMapped(Exception):
    """What of a node can't be said in Relax."""


def of_node(node: Any, said: str) -> Unsupported:
    """A node of a graph that can't be converted."""
    domain = f"{node.domain}." if node.domain else ""
    name = f"{node.name or next(iter(node.output), '')} ({domain}{node.op_type})"
    return Unsupported(f"tvm can't convert node {name}: {said}.", ADVICE)


def of_model(doing: str, error: BaseException) -> Unsupported:
    """What TVM said of a whole model."""
    return Unsupported(f"tvm can't {doing} the model: {onnx_graph.first_line(error)}", ADVICE)
