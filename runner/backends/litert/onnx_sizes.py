"""ONNX's operators that move, cut and repeat values, in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from runner.backends.litert.onnx_values import Attributes, NotMapped, axes_of, numbers, tensor

REPEATED = ("reflect", "edge", "wrap")  # paddings with values of the input; numpy calls them so, too


def reshape(given: Attributes, x: Any, shape: Any) -> Any:
    sizes = numbers(shape)
    kept = not given.get("allowzero", 0)
    return tensor(x).reshape([x.shape[at] if kept and size == 0 else size for at, size in enumerate(sizes)])


def flatten(given: Attributes, x: Any) -> Any:
    axis = given.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(int(np.prod(x.shape[:axis], dtype=int)), -1)


def transpose(given: Attributes, x: Any) -> Any:
    return x.permute(given.get("perm", list(reversed(range(x.ndim)))))


def squeeze(given: Attributes, x: Any, axes: Any = None) -> Any:
    chosen = axes_of(given, axes)
    return tensor(x).squeeze() if chosen is None else tensor(x).squeeze(tuple(chosen))


def unsqueeze(given: Attributes, x: Any, axes: Any = None) -> Any:
    x, chosen = tensor(x), axes_of(given, axes) or []
    for axis in sorted(one % (x.ndim + len(chosen)) for one in chosen):
        x = x.unsqueeze(axis)
    return x


def concat(given: Attributes, *parts: Any) -> Any:
    return torch.cat([tensor(one) for one in parts], given["axis"])


def split(given: Attributes, x: Any, sizes: Any = None) -> Any:
    axis = given.get("axis", 0)
    parts = given.get("split") if sizes is None else numbers(sizes)
    if parts is None:
        count = given["num_outputs"]
        return tuple(x.split(-(-x.shape[axis] // count), axis))
    return tuple(x.split(list(parts), axis))


def slices(given: Attributes, x: Any, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None) -> Any:
    first = given["starts"] if starts is None else numbers(starts)
    last = given["ends"] if ends is None else numbers(ends)
    chosen = axes_of(given, axes) or range(len(first))
    for at, (axis, start, end) in enumerate(zip(chosen, first, last, strict=True)):
        step = 1 if steps is None else numbers(steps)[at]
        if step < 1:
            raise NotMapped("it goes backwards")
        size = tensor(x).shape[axis]
        begin, stop = (max(0, min(size, one + size if one < 0 else one)) for one in (start, end))
        x = tensor(x)[(slice(None),) * (axis % x.ndim) + (slice(begin, stop, step),)]
    return x


def gather(given: Attributes, x: Any, indices: Any) -> Any:
    axis = given.get("axis", 0)
    if isinstance(indices, np.ndarray) and indices.ndim == 0:
        return tensor(x).select(axis, int(indices))
    x, places = tensor(x), tensor(indices)
    places = torch.where(places < 0, places + x.shape[axis], places)
    found = x.index_select(axis, places.reshape(-1).long())
    axis %= x.ndim
    return found.reshape([*x.shape[:axis], *places.shape, *x.shape[axis + 1 :]])


def expand(given: Attributes, x: Any, shape: Any) -> Any:
    x, sizes = tensor(x), numbers(shape)
    return x.expand(np.broadcast_shapes(tuple(x.shape), tuple(sizes)))


def gather_elements(given: Attributes, x: Any, indices: Any) -> Any:
    axis, places = given.get("axis", 0), tensor(indices)
    return torch.gather(tensor(x), axis, torch.where(places < 0, places + tensor(x).shape[axis], places).long())


def tile(given: Attributes, x: Any, repeats: Any) -> Any:
    return tensor(x).repeat(numbers(repeats))


def depth_to_space(given: Attributes, x: Any) -> Any:
    block, (batch, depth, height, width) = given["blocksize"], x.shape
    channels = depth // block**2
    if given.get("mode", "DCR") == "DCR":
        found = x.reshape(batch, block, block, channels, height, width).permute(0, 3, 4, 1, 5, 2)
    else:
        found = x.reshape(batch, channels, block, block, height, width).permute(0, 1, 4, 2, 5, 3)
    return found.reshape(batch, channels, height * block, width * block)


def space_to_depth(given: Attributes, x: Any) -> Any:
    block, (batch, channels, height, width) = given["blocksize"], x.shape
    order = (0, 3, 5, 1, 2, 4) if given.get("mode", "DCR") == "DCR" else (0, 1, 3, 5, 2, 4)
    found = x.reshape(batch, channels, height // block, block, width // block, block).permute(order)
    return found.reshape(batch, channels * block**2, height // block, width // block)


# --- padding ---


def pad(given: Attributes, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Any:
    x, sides = tensor(x), list(given["pads"] if pads is None else numbers(pads))
    chosen = [one % x.ndim for one in (range(x.ndim) if axes is None else numbers(axes))]
    around = dict(zip(chosen, zip(sides[: len(chosen)], sides[len(chosen) :], strict=True), strict=True))
    mode = given.get("mode", "constant")
    if mode in REPEATED:
        return _repeated(x, around, mode)
    constant = float(given.get("value", 0.0) if value is None else value)
    whole = [around.get(axis, (0, 0)) for axis in reversed(range(x.ndim))]
    return functional.pad(x, [one for pair in whole for one in pair], value=constant)


def _repeated(x: Any, around: Mapping[int, tuple[int, int]], mode: str) -> Any:
    """Each axis by the places that its values come from."""
    for axis, sides in around.items():
        if min(sides) < 0:
            raise NotMapped("it cuts values off where others are repeated")
        if any(sides):
            places = np.pad(np.arange(x.shape[axis]), sides, mode)  # type: ignore[call-overload]
            x = x.index_select(axis, torch.from_numpy(places))
    return x
