"""What a graph asks for, whoever runs it: operations (`node_flops` has the convention), and bytes that must be moved.

Sizes are those of ONNX's own inference. What can't be counted is named, and the sum is then at least so much: nothing
is 0 because nobody knew it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from runner.graphs import onnx_graph
from runner.graphs.node_flops import Called, Shape, Unknown, flops
from runner.worker import values

NOTHING: Mapping[str, Any] = {}
LARGEST_SIZES = 4096  # bytes of a constant that may be sizes, on which others depend; of others the values don't count
BATCH = "batch"  # what graphs of ours call a free batch


@dataclass(frozen=True)
class Tensor:
    """Sizes (None: open), and bytes of a value (of half a byte 0.5)."""

    shape: Shape | None
    each: float

    @property
    def bytes(self) -> int | None:
        """All of it; None where its sizes are open."""
        return None if self.shape is None else math.ceil(math.prod(self.shape) * self.each)


@dataclass(frozen=True)
class NodeCost:
    """`flops`: the operations of a call; `bytes`: what it reads and writes, weights too. None of what isn't known;
    `why` says why the operations are not."""

    name: str
    op: str
    flops: int | None
    bytes: int | None
    why: str = ""


@dataclass(frozen=True)
class GraphCost:
    """A whole inference. `flops`: of the nodes that were counted; `weights`, `inputs`, `outputs`: bytes of each, each
    once. `unknown`: `{operator: (how many nodes were not counted, why)}`. `nodes` by their names and outputs' names."""

    flops: int
    weights: int
    inputs: int
    outputs: int
    unknown: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    nodes: Mapping[str, NodeCost] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """What an inference has to move at the least: all weights, what goes in, what comes out. What is between may
        stay in a cache."""
        return self.weights + self.inputs + self.outputs


def read(file: Path, batch: int = 1, sizes: Mapping[str, Sequence[Tensor]] = NOTHING) -> GraphCost:
    """As `cost`, of the graph in a file; external weights' values are not read. `batch` is the size of a free batch.
    Raises protobuf's DecodeError where it is no graph."""
    model = onnx.load(str(file), load_external_data=False)
    for one in model.graph.initializer:
        if len(one.raw_data) > LARGEST_SIZES:
            one.ClearField("raw_data")
    return cost(model, batch, sizes)


def known(file: Path, batch: int) -> GraphCost | None:
    """The same; None of what is no graph, has no nodes, or is one that only its runtime can read."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        found = read(file, batch) if file.is_file() else None
    except DecodeError:
        return None
    return found if found and found.nodes else None


def figures(file: str, batch: int) -> dict[str, Any]:
    """What is `known` of the graph in a file, JSON types, without its nodes; {} of none."""
    found = known(Path(file), batch)
    if found is None:
        return {}
    unknown = {op: count for op, (count, _) in found.unknown.items()}
    return {**{name: getattr(found, name) for name in ("flops", "weights", "inputs", "outputs")}, "unknown": unknown}


def cost(model: onnx.ModelProto, batch: int = 1, sizes: Mapping[str, Sequence[Tensor]] = NOTHING) -> GraphCost:
    """The cost of one inference. `sizes`: outputs of nodes by their names, as a runtime saw them: it knows the sizes of
    operators of its own."""
    known = _inferred(model, batch)
    tensors = {name: one for graph in onnx_graph.graphs(known.graph) for name, one in _tensors(graph)}
    for node in onnx_graph.nodes(known.graph):
        tensors |= dict(zip(node.output, sizes.get(node.name, ()), strict=False))
    nodes = [(node, _node(node, tensors)) for node in known.graph.node]
    inner = [(node, _node(node, tensors)) for node in _inside(known.graph)]
    used = {name for node in onnx_graph.nodes(known.graph) for name in node.input}
    filled = {one.name: tensors[one.name] for one in known.graph.initializer if one.name in used}
    return GraphCost(
        flops=sum(one.flops or 0 for _, one in nodes),
        weights=_sum(filled.values()) + sum(_held(node) for node in onnx_graph.nodes(known.graph)),
        inputs=_sum(tensors[one.name] for one in onnx_graph.inputs(known) if one.name in tensors),
        outputs=_sum(tensors[one.name] for one in known.graph.output if one.name in tensors),
        unknown=_unknown([one for _, one in nodes]),
        nodes={name: one for node, one in (*inner, *nodes) for name in (*node.output, node.name) if name},
    )


def _inside(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of branches and loops."""
    return (node for part in list(onnx_graph.graphs(graph))[1:] for node in part.node)


def _inferred(model: onnx.ModelProto, batch: int) -> onnx.ModelProto:
    """A copy with the batch in its place and the sizes that follow."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in (*copy.graph.input, *copy.graph.output, *copy.graph.value_info):
        if value.type.HasField("tensor_type"):
            for dim in value.type.tensor_type.shape.dim:
                if dim.dim_param == BATCH:
                    dim.dim_value = batch
    try:
        return onnx.shape_inference.infer_shapes(copy, data_prop=True)
    except Exception:  # what inference can't do is not counted; a runtime may still do it
        return copy


def _tensors(graph: onnx.GraphProto) -> Iterator[tuple[str, Tensor]]:
    for value in (*graph.value_info, *graph.input, *graph.output):
        if value.type.HasField("tensor_type"):
            kind = value.type.tensor_type
            sizes = onnx_graph.dims(value) if kind.HasField("shape") else ["?"]
            shape = tuple(size for size in sizes if isinstance(size, int) and size >= 0)
            yield value.name, Tensor(shape if len(shape) == len(sizes) else None, _each(kind.elem_type))
    for one in graph.initializer:
        yield one.name, Tensor(tuple(one.dims), _each(one.data_type))


def seen(shape: Sequence[int], dtype: str) -> Tensor:
    """A tensor as a runtime saw it; `dtype` by numpy's or ml_dtypes' name."""
    stored = values.stored(dtype)
    each = 0.0 if stored == values.TEXT else np.dtype(stored).itemsize / values.in_a_byte(dtype)
    return Tensor(tuple(shape), each)


def _each(kind: int) -> float:
    """Bytes of a value of one of ONNX's types; text has none that are known."""
    if kind in (onnx.TensorProto.UNDEFINED, onnx.TensorProto.STRING) or kind not in onnx.TensorProto.DataType.values():
        return 0.0
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
    return dtype.itemsize / values.in_a_byte(str(dtype))


def _held(node: onnx.NodeProto) -> int:
    """Bytes of the tensor that a Constant holds."""
    held = [attribute.t for attribute in node.attribute if node.op_type == "Constant" and attribute.HasField("t")]
    return sum(math.ceil(math.prod(one.dims) * _each(one.data_type)) for one in held)


def _sum(tensors: Iterable[Tensor]) -> int:
    return sum(one.bytes or 0 for one in tensors)


def _node(node: onnx.NodeProto, tensors: Mapping[str, Tensor]) -> NodeCost:
    sides = [tuple(tensors[name].shape if name in tensors else None for name in ports) for ports in _ports(node)]
    attributes = {one.name: _plain(onnx.helper.get_attribute_value(one)) for one in node.attribute}
    touched = [tensors[name].bytes if name in tensors else None for name in {*node.input, *node.output} if name]
    moved = None if None in touched else sum(one or 0 for one in touched)
    try:
        return NodeCost(node.name, node.op_type, flops(Called(node.op_type, attributes, sides[0], sides[1])), moved)
    except (Unknown, KeyError, ValueError, IndexError) as error:  # a file's own sizes and attributes may be odd
        why = str(error) if isinstance(error, Unknown) else "its sizes or attributes are not as its operator has them"
        return NodeCost(node.name, node.op_type, None, moved, why)


def _ports(node: onnx.NodeProto) -> tuple[list[str], list[str]]:
    return list(node.input), list(node.output)


def _plain(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _unknown(nodes: list[NodeCost]) -> dict[str, tuple[int, str]]:
    missed = [one for one in nodes if one.flops is None]
    counts = Counter(one.op for one in missed)
    return {op: (counts[op], next(one.why for one in missed if one.op == op)) for op in counts}
