"""ONNX's convolutions, pools and normalisations in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.nn import functional

from runner.backends.litert.onnx_values import Attributes, NotMapped

CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSED = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}
MAXIMA = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
MEANS = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


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


def conv_transpose(given: Attributes, x: Any, weight: Any, bias: Any = None) -> Any:
    if given.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or "output_shape" in given:
        raise NotMapped("its padding follows from its output's sizes (auto_pad, output_shape)")
    axes = weight.ndim - 2
    pads = given.get("pads", [0] * 2 * axes)
    before, after = pads[:axes], pads[axes:]
    own = before if before == after else [0] * axes  # PyTorch cuts both sides alike
    more, group = given.get("output_padding", [0] * axes), given.get("group", 1)
    strides, dilations = given.get("strides", [1] * axes), given.get("dilations", [1] * axes)
    found = TRANSPOSED[axes](x, weight, bias, strides, own, more, group, dilations)
    if before == after:
        return found
    kept = [slice(first, size - last) for first, last, size in zip(before, after, found.shape[2:], strict=True)]
    return found[(slice(None), slice(None), *kept)]


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


def global_max_pool(given: Attributes, x: Any) -> Any:
    """As a pool where it can be: NPUs have that."""
    return functional.max_pool2d(x, x.shape[2:]) if x.ndim == 4 else x.amax(tuple(range(2, x.ndim)), keepdim=True)


def instance_normalization(given: Attributes, x: Any, scale: Any, bias: Any) -> Any:
    return functional.instance_norm(x, weight=scale, bias=bias, eps=given.get("epsilon", 1e-5))


def batch_normalization(given: Attributes, x: Any, scale: Any, bias: Any, mean: Any, variance: Any) -> Any:
    return functional.batch_norm(x, mean, variance, scale, bias, eps=given.get("epsilon", 1e-5))


def layer_normalization(given: Attributes, x: Any, scale: Any, bias: Any = None) -> Any:
    axis = given.get("axis", -1) % x.ndim
    return functional.layer_norm(x, x.shape[axis:], scale, bias, given.get("epsilon", 1e-5))
