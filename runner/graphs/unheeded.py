"""What of a graph's nodes an importer doesn't heed: it would compute something else, and say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from runner.graphs import onnx_graph

FEW = 16  # numbers of a constant that says how something is done; more are weights


@dataclass(frozen=True)
class Node:
    """A node, and what is known of the graph around it: the version of its operator set, constants by name, and of
    tensors with a type that the file has that type by name."""

    node: onnx.NodeProto
    opset: int
    constants: Mapping[str, Any]
    types: Mapping[str, onnx.TypeProto.Tensor]

    def given(self, name: str, usual: Any = None) -> Any:
        """An attribute's value, `usual` where it has none."""
        found = next((one for one in self.node.attribute if one.name == name), None)
        value = usual if found is None else helper.get_attribute_value(found)
        return value.decode() if isinstance(value, bytes) else value

    def operand(self, place: int) -> str:
        """The name of an input, "" where it isn't given."""
        return self.node.input[place] if place < len(self.node.input) else ""


Rule = Callable[[Node], "str | None"]  # what of a node isn't heeded, as `it ignores clip=3.0`; None where all of it is
Rules = Mapping[str, Sequence[Rule]]  # by type of operator


def attribute(name: str, *heeded: Any) -> Rule:
    """An attribute of which these values alone are computed, the first of them where it isn't given."""

    def rule(one: Node) -> str | None:
        value = one.given(name, heeded[0])
        return None if value in heeded else f"it ignores {name}={value}"

    return rule


def operand(place: int, name: str, *heeded: Any) -> Rule:
    """An optional input that isn't read, unless it is one of these constants."""

    def rule(one: Node) -> str | None:
        given = one.operand(place)
        known = one.constants.get(given)
        same = known is not None and any(np.all(known == value) for value in heeded)
        return f"it ignores its input {name}" if given and not same else None

    return rule


def output(place: int, name: str) -> Rule:
    """An optional output that is something else, or nothing."""
    return lambda one: (
        f"it doesn't give its output {name}" if place < len(one.node.output) and one.node.output[place] else None
    )


def first(model: onnx.ModelProto, rules: Rules) -> tuple[onnx.NodeProto, str] | None:
    """The first node of which something isn't heeded, and what."""
    found = (
        (one.node, said) for one in _nodes(model) for rule in rules.get(one.node.op_type, ()) if (said := rule(one))
    )
    return next(found, None)


def _nodes(model: onnx.ModelProto) -> Iterator[Node]:
    opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 1)
    parts = list(onnx_graph.graphs(model.graph))
    constants = {name: array for part in parts for name, array in _constants(part)}
    types = {value.name: onnx_graph.tensor(value.type) for part in parts for value in _values(part)}
    for node in onnx_graph.nodes(model.graph):
        if node.domain in ("", "ai.onnx"):
            yield Node(node, opset, constants, types)


def _values(part: onnx.GraphProto) -> Iterator[onnx.ValueInfoProto]:
    yield from (*part.input, *part.output, *part.value_info)
    for one in part.initializer:
        yield helper.make_tensor_value_info(one.name, one.data_type, list(one.dims))


def _constants(part: onnx.GraphProto) -> Iterator[tuple[str, Any]]:
    tensors = {one.name: one for one in part.initializer}
    for node in part.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensors[node.output[0]] = node.attribute[0].t
    for name, one in tensors.items():
        if np.prod(one.dims) <= FEW and not one.external_data:
            yield name, numpy_helper.to_array(one)
