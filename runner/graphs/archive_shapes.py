"""Sizes of dynamic dimensions, as the arrays of `model.inputs` have them."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from runner.core.foreign_text import line
from runner.graphs import onnx_graph, user_tensors
from runner.tensors import npz

Dims = tuple[int | str, ...]


def added(model: onnx.ModelProto, shapes: Mapping[str, Dims], inputs: str | None) -> dict[str, Dims]:
    """`shapes`, and for each input with dynamic dimensions that they lack the sizes of its array in the archive
    `inputs`: of one sample, unless `shapes` leave the batch free.

    Raises BadFile: no npz; SpecError: no such file.
    """
    if inputs is None:
        return dict(shapes)
    arrays = {name: one.shape for name, one in user_tensors.load("model.inputs", inputs, npz.headers).items()}
    first: int | str = "batch" if any(dims[:1] == ("batch",) for dims in map(tuple, shapes.values())) else 1
    return {**shapes, **{name: _sized(own, arrays[name], first) for name, own in _open(model, shapes, arrays)}}


def said(shapes: Mapping[str, Dims], given: Mapping[str, Dims], inputs: str | None) -> list[str]:
    """What a reader must know of sizes that nobody typed."""
    taken = ", ".join(f"{line(name)} {[*dims]}" for name, dims in shapes.items() if name not in given)
    return [f"sizes are those of model.inputs={inputs}: {taken}"] if taken else []


def _open(
    model: onnx.ModelProto, shapes: Mapping[str, Dims], arrays: Mapping[str, tuple[int, ...]]
) -> list[tuple[str, Dims]]:
    """The inputs that have an array and leave a size open, as the file has them; `()` where it says nothing at all."""
    values = [value for value in onnx_graph.inputs(model) if not onnx_graph.container(value)]
    asked = [value for value in values if value.name not in shapes and arrays.get(value.name)]
    return [(value.name, tuple(onnx_graph.dims(value))) for value in asked if _leaves_open(value)]


def _leaves_open(value: onnx.ValueInfoProto) -> bool:
    """A scalar has no sizes and leaves none open."""
    unsaid = not onnx_graph.tensor(value.type).HasField("shape")
    return unsaid or any(not _is_size(size) for size in onnx_graph.dims(value))


def _sized(own: Dims, array: tuple[int, ...], first: int | str) -> Dims:
    """The file's own sizes stay; samples are the array's first axis, which the file's may be, or not."""
    whole = (first, *array[1:]) if len(array) == len(own) or not own else array[1:]
    if len(whole) != len(own or whole):
        return whole  # checked, and refused, where sizes are
    return tuple(mine if _is_size(mine) else size for mine, size in zip(own or whole, whole, strict=True))


def _is_size(size: int | str) -> bool:
    """A size below 0 means dynamic, as some exporters write it."""
    return isinstance(size, int) and size >= 0
