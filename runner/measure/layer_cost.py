"""What each layer of a profile asks for, from the graph that it came from, and the least time that it takes for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from runner.measure import roofline
from runner.measure.layer_profile import Layer
from runner.measure.roofline import Peaks

if TYPE_CHECKING:
    from runner.graphs.cost import GraphCost, NodeCost

Claims = Mapping[str, str]  # the name of a node, and of the layer that has its operations

UNSAID = "the runtime doesn't say which nodes it came from"
ELSEWHERE = "its nodes' names are not in the graph"
NO_BYTES = "the runtime doesn't say what it reads and writes"


def costed(layers: Sequence[Layer], graph: GraphCost | str, peaks: Peaks | str) -> list[Layer]:
    """The layers with operations, bytes and bounds; `graph` and `peaks` are what is known, or why it isn't.

    A node that several layers name has its operations in the longest of them.
    """
    claims: dict[str, str] = {}
    for layer in sorted(layers, key=lambda one: -one.ns):
        for node in _nodes(layer, graph).values():
            claims.setdefault(_id(node), layer.name)
    return [_costed(layer, graph, peaks, claims) for layer in layers]


def _nodes(layer: Layer, graph: GraphCost | str) -> dict[str, NodeCost]:
    """The graph's nodes that a layer names; runtimes put what they made of one behind its name and a slash."""
    if isinstance(graph, str):
        return {}
    found = {}
    for name in layer.nodes:
        while name and name not in graph.nodes:
            name = name.rpartition("/")[0]
        if name:
            found[_id(graph.nodes[name])] = graph.nodes[name]
    return found


def _id(node: NodeCost) -> str:
    return f"{node.op} {node.name}"


def _costed(layer: Layer, graph: GraphCost | str, peaks: Peaks | str, claims: Claims) -> Layer:
    nodes = _nodes(layer, graph)
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
