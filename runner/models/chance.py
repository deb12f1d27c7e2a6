"""Operators that draw numbers: what makes a graph's outputs differ from run to run."""

from __future__ import annotations

from pathlib import Path

import onnx

from runner.models import graph

RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli")


def why(path: Path) -> str:
    """` (node (Type), …: they draw numbers)` of the file, "" where none of its operators does."""
    model = onnx.load(str(path), load_external_data=False)
    found = [f"{node.name or node.output[0]} ({node.op_type})" for node in graph.nodes(model.graph) if _draws(node)]
    return f" ({', '.join(found[:3])}{' and others' if len(found) > 3 else ''}: random)" if found else ""


def _draws(node: onnx.NodeProto) -> bool:
    """A Dropout draws where it has a third input, `training_mode`."""
    return node.op_type in RANDOM or (node.op_type == "Dropout" and len(node.input) > 2 and bool(node.input[2]))
