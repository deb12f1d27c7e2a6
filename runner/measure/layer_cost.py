"""What each layer of a profile asks for, from the graph that it came from, and the least time that it takes for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.measure import roofline
from runner.measure.layer_groups import HEAVY, group_of
from runner.measure.layer_profile import Layer
from runner.measure.roofline import Peaks

if TYPE_CHECKING:
    from runner.graphs.cost import GraphCost, NodeCost

Nodes = Mapping[str, Mapping[str, "NodeCost"]]  # by layer and by what the node is
Claims = Mapping[str, str]  # what a node is, and the layer that has its operations

UNSAID = "the runtime doesn't say which nodes it came from"
ELSEWHERE = "its nodes' names are not in the graph"
NO_BYTES = "the runtime doesn't say what it reads and writes"


def costed(layers: Sequence[Layer], graph: GraphCost | str, peaks: Peaks | str) -> list[Layer]:
    """The layers with operations, bytes and bounds; `graph` and `peaks` are what is known, or why it isn't.

    A node that several layers name has its operations in the longest of them.
    """
    nodes = {} if isinstance(graph, str) else _nodes(layers, graph)
    claims: dict[str, str] = {}
    for layer in sorted(layers, key=lambda one: -one.ns):
        for node in nodes.get(layer.name, {}):
            claims.setdefault(node, layer.name)
    return [_costed(layer, graph, peaks, nodes, claims) for layer in layers]


def _nodes(layers: Sequence[Layer], graph: GraphCost) -> Nodes:
    """The graph's nodes that each layer names. A layer that names none of them is the only node of its kind of work
    that no layer names, where it is the only such layer: OpenVINO calls a GRU `GRUSequence_61`."""
    named = {layer.name: _named(layer, graph) for layer in layers}
    claimed = {node for found in named.values() for node in found}
    left = {_id(node): node for node in graph.nodes.values() if _id(node) not in claimed}
    for group in HEAVY:
        unnamed = [one.name for one in layers if not named[one.name] and group_of(one.type) == group]
        rest = {name: node for name, node in left.items() if group_of(node.op) == group}
        if len(unnamed) == len(rest) == 1:
            named[unnamed[0]] = rest
    return named


def _named(layer: Layer, graph: GraphCost) -> dict[str, NodeCost]:
    """Runtimes put what they made of a node behind its name and a slash."""
    found = {}
    for name in layer.nodes:
        while name and name not in graph.nodes:
            name = name.rpartition("/")[0]
        if name:
            found[_id(graph.nodes[name])] = graph.nodes[name]
    return found


def _id(node: NodeCost) -> str:
    return f"{node.op} {node.name}"


def _costed(layer: Layer, graph: GraphCost | str, peaks: Peaks | str, every: Nodes, claims: Claims) -> Layer:
    nodes = every.get(layer.name, {})
    flops = graph if isinstance(graph, str) else _flops(layer, nodes, claims)
    moved = layer.bytes if layer.bytes is not None else _bytes(layer, nodes)
    least = _bound(layer, flops, moved, peaks)
    known = {"flops": flops, "bytes": moved, "bound_ns": least}
    return replace(
        layer,
        flops=None if isinstance(flops, str) else flops,
        bytes=None if isinstance(moved, str) else moved,
        bound_ns=None if isinstance(least, str) else least,
        absent={name: value for name, value in known.items() if isinstance(value, str)},
    )


def _flops(layer: Layer, nodes: Mapping[str, NodeCost], claims: Claims) -> int | str:
    if not nodes:
        return ELSEWHERE if layer.nodes else UNSAID
    own = [node for name, node in nodes.items() if claims[name] == layer.name]
    if not own:
        return f"its nodes are counted in {claims[next(iter(nodes))]}"
    unknown = next((node for node in own if node.flops is None), None)
    if unknown:
        return f"{unknown.op} {unknown.name}: {unknown.why}"
    return layer.calls * sum(node.flops or 0 for node in own)


def _bytes(layer: Layer, nodes: Mapping[str, NodeCost]) -> int | str:
    """Of a layer that is one node; what lies between fused ones is not moved."""
    only = next(iter(nodes.values()), None)
    if len(nodes) != 1 or only is None or only.bytes is None:
        return NO_BYTES
    return layer.calls * only.bytes


def _bound(layer: Layer, flops: int | str, moved: int | str, peaks: Peaks | str) -> float | str:
    for known in (peaks, flops, moved):
        if isinstance(known, str):
            return known
    assert isinstance(peaks, Peaks) and isinstance(flops, int) and isinstance(moved, int)
    found = roofline.bound(peaks, flops, moved, layer.precision)
    return found if isinstance(found, str) else 1e9 * found.seconds
