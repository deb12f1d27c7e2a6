"""Inputs with whole numbers that a graph uses as sizes, axes or places: what is drawn for them decides what runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx

from runner.graphs import onnx_graph

Operands = Mapping[str, tuple[int, ...]]
# Operands, by position from 0, that say how and not what. https://onnx.ai/onnx/operators/
STEERS = {
    "Reshape": (1,), "Expand": (1,), "Slice": (1, 2, 3, 4), "Pad": (1, 3), "Tile": (1,), "Resize": (2, 3),
    "Upsample": (1,), "Split": (1,), "SplitToSequence": (1,), "Squeeze": (1,), "Unsqueeze": (1,), "TopK": (1,),
    "ConstantOfShape": (0,), "Range": (0, 1, 2), "OneHot": (1,), "CumSum": (1,), "Loop": (0,), "Trilu": (1,),
    "SequenceAt": (1,), "SequenceInsert": (2,), "SequenceErase": (1,), "CenterCropPad": (1,), "Col2Im": (1, 2),
    "Gather": (1,), "GatherElements": (1,), "GatherND": (1,), "ScatterElements": (1,), "ScatterND": (1,),
    "If": (0,), "HannWindow": (0,), "HammingWindow": (0,), "BlackmanWindow": (0,), "DFT": (1, 2),
    "AffineGrid": (1,), "MaxUnpool": (1, 2), "ReduceSum": (1,), "ReduceMean": (1,), "ReduceMax": (1,),
    "ReduceMin": (1,), "ReduceProd": (1,), "ReduceL1": (1,), "ReduceL2": (1,), "ReduceLogSum": (1,),
    "ReduceLogSumExp": (1,), "ReduceSumSquare": (1,),
}  # fmt: skip
# Those of them that count: 0 would leave nothing to compute.
COUNTS = {"TopK": (1,), "ConstantOfShape": (0,), "Expand": (1,), "Tile": (1,), "Reshape": (1,), "OneHot": (1,),
          "Resize": (3,), "Range": (1,), "Loop": (0,), "CenterCropPad": (1,), "HannWindow": (0,), "HammingWindow": (0,),
          "BlackmanWindow": (0,)}  # fmt: skip
HANDS_ON = ("Cast", "Identity", "Squeeze", "Unsqueeze", "Reshape", "Concat", "Equal", "Greater", "Less", "Not")


def warnings(model: onnx.ModelProto, below: int) -> list[str]:
    """A line on the whole-number inputs, which were drawn from 0 up to below `below`, and what the graph does with
    them; none where there are none."""
    names = [value.name for value in onnx_graph.inputs(model) if "int" in onnx_graph.dtype(value)]
    if not names:
        return []
    nodes = list(onnx_graph.nodes(model.graph))
    used = [f"{name} ({', '.join(found)})" for name in names if (found := _steered(nodes, name, STEERS))]
    does = f"; as sizes, axes or places: {', '.join(used)}" if used else ""
    counted = [name for name in names if name in counts(model)]
    from_1 = f", those of {', '.join(counted)} from 1" if counted else ""
    drawn = f"whole numbers of {', '.join(names)} were drawn from 0 to {below - 1}{from_1}"
    said = f"{drawn} (data.integers_below={below}){does}"
    return [f"{said}; real ones: model.inputs=my.npz"]


def counts(model: onnx.ModelProto) -> set[str]:
    """The inputs whose values say how many or how large."""
    nodes = list(onnx_graph.nodes(model.graph))
    return {value.name for value in onnx_graph.inputs(model) if _steered(nodes, value.name, COUNTS)}


def _steered(nodes: list[onnx.NodeProto], name: str, operands: Operands) -> list[str]:
    """The first nodes for which the values of an input say how: `node (Type)`."""
    known = {name}
    for node in nodes:  # computed before used: one way through the list is enough
        if node.op_type in HANDS_ON and known & set(node.input):
            known |= set(node.output)
    return list(dict.fromkeys(_described(node) for node in nodes if known & set(_operands(node, operands))))[:3]


def _operands(node: onnx.NodeProto, operands: Operands) -> Iterator[str]:
    for position in operands.get(node.op_type, ()):
        if position < len(node.input):
            yield node.input[position]


def _described(node: onnx.NodeProto) -> str:
    return f"{node.name} {node.op_type}" if node.name else str(node.op_type)
