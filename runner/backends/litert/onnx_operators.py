"""ONNX's operators in PyTorch (https://onnx.ai/onnx/operators/), those of models without control flow.

Each function takes a node's attributes and its inputs: floats as tensors, constants of whole numbers as numpy arrays,
an input that is left out as None. It gives one output or a tuple of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

Attributes = Mapping[str, Any]
Operator = Callable[..., Any]

CASTS = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float16, 11: torch.float64}
CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
MAXIMA = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
MEANS = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


class NotMapped(Exception):
    """Why a node can't be said in PyTorch."""


def plain(function: Callable[..., Any]) -> Operator:
    """An operator without attributes."""
    return lambda given, *inputs: function(*map(tensor, inputs))


def tensor(value: Any) -> Any:
    """A constant as a tensor."""
    return torch.from_numpy(np.array(value)) if isinstance(value, (np.ndarray, np.generic)) else value


def numbers(value: Any) -> list[int]:
    """A constant's whole numbers. Raises NotMapped where they are only known in a run."""
    if isinstance(value, torch.Tensor):
        raise NotMapped("its sizes or axes are computed in a run")
    return [int(one) for one in np.asarray(value).reshape(-1)]


def of_many(function: Callable[[Any, Any], Any]) -> Operator:
    """An operator of any number of inputs."""

    def operator(given: Attributes, first: Any, *others: Any) -> Any:
        found = tensor(first)
        for one in others:
            found = function(found, tensor(one))
        return found

    return operator


# --- convolutions and pools ---


def padding(given: Attributes, x: Any, kernel: Sequence[int]) -> tuple[list[int], list[int]]:
    """(Before, after) each spatial axis."""
    axes, auto = len(kernel), given.get("auto_pad", "NOTSET")
    if auto == "NOTSET":
        pads = list(given.get("pads", [0] * 2 * axes))
        return pads[:axes], pads[axes:]
    if auto == "VALID":
        return [0] * axes, [0] * axes
    strides, dilations = given.get("strides", [1] * axes), given.get("dilations", [1] * axes)
    totals = []
    for size, width, stride, dilation in zip(x.shape[2:], kernel, strides, dilations, strict=True):
        totals.append(max(0, (-(-size // stride) - 1) * stride + (width - 1) * dilation + 1 - size))
    small, large = [one // 2 for one in totals], [-(-one // 2) for one in totals]
    return (small, large) if auto == "SAME_UPPER" else (large, small)


def padded(given: Attributes, x: Any, kernel: Sequence[int], value: float = 0.0) -> tuple[Any, list[int]]:
    """(x, what is left for the operator's own padding): it pads both sides alike."""
    before, after = padding(given, x, kernel)
    if before == after:
        return x, before
    sides = [one for pair in zip(reversed(before), reversed(after), strict=True) for one in pair]
    return functional.pad(x, sides, value=value), [0] * len(kernel)


def conv(given: Attributes, x: Any, weight: Any, bias: Any = None) -> Any:
    axes = weight.ndim - 2
    x, pads = padded(given, x, weight.shape[2:])
    how = (given.get("strides", [1] * axes), pads, given.get("dilations", [1] * axes), given.get("group", 1))
    return CONVOLUTIONS[axes](x, weight, bias, *how)


def max_pool(given: Attributes, x: Any) -> Any:
    kernel = given["kernel_shape"]
    x, pads = padded(given, x, kernel, float("-inf"))
    how = (given.get("strides", [1] * len(kernel)), pads, given.get("dilations", [1] * len(kernel)))
    return MAXIMA[len(kernel)](x, kernel, *how, bool(given.get("ceil_mode", 0)))


def average_pool(given: Attributes, x: Any) -> Any:
    if set(given.get("dilations", [1])) != {1}:
        raise NotMapped("it has dilations")
    kernel, included = given["kernel_shape"], bool(given.get("count_include_pad", 0))
    before, after = padding(given, x, kernel)
    if before != after and not included:
        raise NotMapped("it pads one side more than the other")
    x, pads = padded(given, x, kernel)
    how = (given.get("strides", [1] * len(kernel)), pads, bool(given.get("ceil_mode", 0)), included)
    return MEANS[len(kernel)](x, kernel, *how)


def global_average_pool(given: Attributes, x: Any) -> Any:
    """Not by `mean`, which stays on the CPU of some NPUs."""
    return functional.adaptive_avg_pool2d(x, 1) if x.ndim == 4 else x.mean(tuple(range(2, x.ndim)), keepdim=True)


def batch_normalization(given: Attributes, x: Any, scale: Any, bias: Any, mean: Any, variance: Any) -> Any:
    return functional.batch_norm(x, mean, variance, scale, bias, eps=given.get("epsilon", 1e-5))


def layer_normalization(given: Attributes, x: Any, scale: Any, bias: Any = None) -> Any:
    axis = given.get("axis", -1) % x.ndim
    return functional.layer_norm(x, x.shape[axis:], scale, bias, given.get("epsilon", 1e-5))


# --- products ---


def gemm(given: Attributes, a: Any, b: Any, c: Any = None) -> Any:
    a, b = tensor(a).T if given.get("transA") else a, tensor(b).T if given.get("transB") else b
    alpha, beta = given.get("alpha", 1.0), given.get("beta", 1.0)
    product = a @ b if alpha == 1.0 else alpha * (a @ b)
    if c is None:
        return product
    return product + (tensor(c) if beta == 1.0 else beta * tensor(c))


# --- sizes ---


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


def axes_of(given: Attributes, axes: Any) -> list[int] | None:
    """Axes as an attribute, or, of newer opsets, as an input."""
    found = given.get("axes") if axes is None else numbers(axes)
    return None if found is None else list(found)


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


def pad(given: Attributes, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Any:
    if given.get("mode", "constant") != "constant" or axes is not None:
        raise NotMapped("it pads with something else than a constant, or some axes alone")
    sides = given["pads"] if pads is None else numbers(pads)
    before, after = sides[: x.ndim], sides[x.ndim :]
    around = [one for pair in zip(reversed(before), reversed(after), strict=True) for one in pair]
    return functional.pad(x, around, value=float(given.get("value", 0.0) if value is None else value))


# --- by element, and over axes ---


def clip(given: Attributes, x: Any, low: Any = None, high: Any = None) -> Any:
    least, most = given.get("min", low), given.get("max", high)
    if least is None and most is None:
        return x
    return torch.clamp(x, None if least is None else float(least), None if most is None else float(most))


def reduced(function: Callable[..., Any]) -> Operator:
    """A reduction over some axes, or all."""

    def operator(given: Attributes, x: Any, axes: Any = None) -> Any:
        chosen = axes_of(given, axes)
        if not chosen and given.get("noop_with_empty_axes"):
            return x
        return function(x, tuple(chosen or range(x.ndim)), keepdim=bool(given.get("keepdims", 1)))

    return operator


def softmax(given: Attributes, x: Any) -> Any:
    return functional.softmax(x, given.get("axis", -1))


def log_softmax(given: Attributes, x: Any) -> Any:
    return functional.log_softmax(x, given.get("axis", -1))


def cast(given: Attributes, x: Any) -> Any:
    if given["to"] not in CASTS:
        raise NotMapped("it casts to a type that PyTorch's converter hasn't")
    return tensor(x).to(CASTS[given["to"]])


def gelu(given: Attributes, x: Any) -> Any:
    return functional.gelu(x, approximate=given.get("approximate", "none"))


def arg_max(given: Attributes, x: Any) -> Any:
    if given.get("select_last_index"):
        raise NotMapped("it selects the last of equal values")
    return torch.argmax(x, given.get("axis", 0), keepdim=bool(given.get("keepdims", 1)))


def dropout(given: Attributes, x: Any, ratio: Any = None, training: Any = None) -> Any:
    """Nothing is dropped but in training."""
    if training is not None and (isinstance(training, torch.Tensor) or bool(training)):
        raise NotMapped("it trains")
    return x


def leaky_relu(given: Attributes, x: Any) -> Any:
    return functional.leaky_relu(x, given.get("alpha", 0.01))


def hard_sigmoid(given: Attributes, x: Any) -> Any:
    return torch.clamp(given.get("alpha", 0.2) * x + given.get("beta", 0.5), 0.0, 1.0)


def divided(a: Any, b: Any) -> Any:
    return torch.div(a, b) if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


OPERATORS: Mapping[str, Operator] = {
    "Abs": plain(torch.abs),
    "Add": plain(torch.add),
    "And": plain(torch.logical_and),
    "ArgMax": arg_max,
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Cast": cast,
    "Ceil": plain(torch.ceil),
    "Clip": clip,
    "Concat": concat,
    "Conv": conv,
    "Cos": plain(torch.cos),
    "Div": plain(divided),
    "Dropout": dropout,
    "Equal": plain(torch.eq),
    "Erf": plain(torch.erf),
    "Exp": plain(torch.exp),
    "Expand": expand,
    "Flatten": flatten,
    "Floor": plain(torch.floor),
    "Gather": gather,
    "Gelu": gelu,
    "Gemm": gemm,
    "GlobalAveragePool": global_average_pool,
    "Greater": plain(torch.gt),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": plain(functional.hardswish),
    "Identity": plain(lambda x: x),
    "LayerNormalization": layer_normalization,
    "LeakyRelu": leaky_relu,
    "Less": plain(torch.lt),
    "Log": plain(torch.log),
    "LogSoftmax": log_softmax,
    "MatMul": plain(torch.matmul),
    "Max": of_many(torch.maximum),
    "MaxPool": max_pool,
    "Min": of_many(torch.minimum),
    "Mul": plain(torch.mul),
    "Neg": plain(torch.neg),
    "Not": plain(torch.logical_not),
    "Or": plain(torch.logical_or),
    "Pad": pad,
    "Pow": plain(torch.pow),
    "Reciprocal": plain(torch.reciprocal),
    "ReduceMax": reduced(torch.amax),
    "ReduceMean": reduced(torch.mean),
    "ReduceMin": reduced(torch.amin),
    "ReduceSum": reduced(torch.sum),
    "Relu": plain(torch.relu),
    "Reshape": reshape,
    "Sigmoid": plain(torch.sigmoid),
    "Sin": plain(torch.sin),
    "Slice": slices,
    "Softmax": softmax,
    "Softplus": plain(functional.softplus),
    "Split": split,
    "Sqrt": plain(torch.sqrt),
    "Squeeze": squeeze,
    "Sub": plain(torch.sub),
    "Sum": of_many(torch.add),
    "Tanh": plain(torch.tanh),
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
    "Where": plain(torch.where),
}
