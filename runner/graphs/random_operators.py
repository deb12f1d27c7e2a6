"""Operators that draw numbers: what makes a graph's outputs differ from run to run."""

from __future__ import annotations

import onnx

from runner.graphs import onnx_graph

# Runs that are compared: with a seed of its own, the first two of an operator may be alike.
RUNS, RUNS_OF_RANDOM = 2, 5
RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli")


def why(model: onnx.ModelProto) -> str:
    """` (node (Type), …: random)` of a graph, "" where none of its operators draws numbers."""
    found = [
        f"{node.name or node.output[0]} ({node.op_type})" for node in onnx_graph.nodes(model.graph) if _draws(node)
    ]
    return f" ({', '.join(found[:3])}{' and others' if len(found) > 3 else ''}: random)" if found else ""


def runs(model: onnx.ModelProto) -> int:
    """How many runs with the same inputs have to be alike for a graph to be taken for none of chance."""
    return RUNS_OF_RANDOM if why(model) else RUNS


def _draws(node: onnx.NodeProto) -> bool:
    """A Dropout draws where it has a third input, `training_mode`."""
    return node.op_type in RANDOM or (node.op_type == "Dropout" and len(node.input) > 2 and bool(node.input[2]))
