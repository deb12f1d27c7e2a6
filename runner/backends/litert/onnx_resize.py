"""ONNX's Resize and Upsample in PyTorch (https://onnx.ai/onnx/operators/onnx__Resize.html): nearest and linear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from runner.backends.litert.onnx_values import Attributes, NotMapped, numbers, tensor

NEAREST, LINEAR = "nearest", "linear"
WHOLE = 1e-4  # as far as a size's product may lie from a whole number: scales are float32
ROUNDED: Mapping[str, Callable[[Any], Any]] = {
    "round_prefer_floor": lambda at: np.ceil(at - 0.5),
    "round_prefer_ceil": lambda at: np.floor(at + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


@dataclass(frozen=True)
class Resized:
    """An axis: its number, its old size, where on the old one each place of the new one lies, and how many old pixels a
    new one is wide."""

    axis: int
    size: int
    places: Any
    step: float


def resize(given: Attributes, x: Any, roi: Any = None, scales: Any = None, sizes: Any = None) -> Any:
    """Raises NotMapped for other modes, a region of interest, a kept ratio of the sizes, and smoothing that counts what
    lies outside, which runtimes read differently."""
    mode, x = given.get("mode", NEAREST), tensor(x)
    _check(given, mode)
    axes = [one % x.ndim for one in given.get("axes", range(x.ndim))]
    found = list(_resized(x, axes, scales, sizes, given.get("coordinate_transformation_mode", "half_pixel")))
    if mode == NEAREST:
        return _nearest(x, found, ROUNDED[given.get("nearest_mode", "round_prefer_floor")])
    return _smoothed(x, found) if given.get("antialias") else _linear(x, found)


def upsample(given: Attributes, x: Any, scales: Any = None) -> Any:
    """What Resize was called before opset 10."""
    wanted = np.array(given["scales"]) if scales is None else scales
    how = {"mode": given.get("mode", NEAREST), "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return resize(how, x, None, wanted)


def _check(given: Attributes, mode: str) -> None:
    if mode not in (NEAREST, LINEAR):
        raise NotMapped(f"its mode={mode}")
    smooth, excluded = (bool(given.get(name)) for name in ("antialias", "exclude_outside"))
    if smooth != excluded or (smooth and mode != LINEAR):
        raise NotMapped(f"its antialias={int(smooth)} with exclude_outside={int(excluded)} and mode={mode}")
    if given.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise NotMapped(f"its keep_aspect_ratio_policy={given['keep_aspect_ratio_policy']}")


def _resized(x: Any, axes: Sequence[int], scales: Any, sizes: Any, where: str) -> Iterator[Resized]:
    """The axes that change."""
    if where not in PLACES:
        raise NotMapped(f"its coordinate_transformation_mode={where}")
    for axis, (new, scale) in zip(axes, _wanted([x.shape[axis] for axis in axes], scales, sizes), strict=True):
        size = x.shape[axis]
        if (new, scale) != (size, 1.0):
            yield Resized(axis, size, PLACES[where](np.arange(new, dtype=np.float64), scale, size, new), 1 / scale)


def _wanted(old: Sequence[int], scales: Any, sizes: Any) -> list[tuple[int, float]]:
    """The new size of each axis, and how many times the old one that is."""
    if sizes is not None and np.size(sizes):
        return [(new, new / size) for new, size in zip(numbers(sizes), old, strict=True)]
    if isinstance(scales, torch.Tensor):
        raise NotMapped("its scales are computed in a run")
    return [(int(np.floor(size * scale)), float(scale)) for size, scale in zip(old, np.asarray(scales), strict=True)]


def _half_pixel(at: Any, scale: float, size: int, new: int) -> Any:
    return (at + 0.5) / scale - 0.5


def _pytorch_half_pixel(at: Any, scale: float, size: int, new: int) -> Any:
    return _half_pixel(at, scale, size, new) if new > 1 else at


def _half_pixel_symmetric(at: Any, scale: float, size: int, new: int) -> Any:
    return size / 2 * (1 - new / (scale * size)) + _half_pixel(at, scale, size, new)


def _align_corners(at: Any, scale: float, size: int, new: int) -> Any:
    if abs(scale * size - new) > WHOLE:
        raise NotMapped("it aligns the corners of a size that is no whole number, which runtimes read differently")
    return at * (size - 1) / (new - 1) if new > 1 else at


def _asymmetric(at: Any, scale: float, size: int, new: int) -> Any:
    return at / scale


PLACES: Mapping[str, Callable[[Any, float, int, int], Any]] = {
    "half_pixel": _half_pixel,
    "pytorch_half_pixel": _pytorch_half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
}


def _nearest(x: Any, found: Sequence[Resized], rounded: Callable[[Any], Any]) -> Any:
    chosen = {one.axis: np.clip(rounded(one.places), 0, one.size - 1).astype(np.int64) for one in found}
    if _image(x, chosen) and all(np.array_equal(chosen[axis], _repeats(x, axis, chosen)) for axis in chosen):
        return functional.interpolate(x, [len(chosen[axis]) for axis in (2, 3)], mode=NEAREST)
    for axis, places in chosen.items():
        x = x.index_select(axis, torch.from_numpy(places))
    return x


def _image(x: Any, axes: Mapping[int, Any]) -> bool:
    """Whether height and width change, for which LiteRT has operators of its own."""
    return x.ndim == 4 and set(axes) == {2, 3}


def _repeats(x: Any, axis: int, chosen: Mapping[int, Any]) -> Any:
    """The places that PyTorch's interpolate takes."""
    size, new = x.shape[axis], len(chosen[axis])
    return np.arange(new) * size // new


def _linear(x: Any, found: Sequence[Resized]) -> Any:
    by_axis = {one.axis: one for one in found}
    for corners in (False, True):
        rule = _align_corners if corners else _half_pixel
        if _image(x, by_axis) and all(_as_by(rule, one) for one in found):
            sizes = [len(by_axis[axis].places) for axis in (2, 3)]
            return functional.interpolate(x, sizes, mode="bilinear", align_corners=corners)
    for one in found:
        x = _between(x, one)
    return x


def _as_by(rule: Callable[[Any, float, int, int], Any], one: Resized) -> bool:
    new = len(one.places)
    return np.allclose(one.places, rule(np.arange(new, dtype=np.float64), new / one.size, one.size, new), atol=1e-9)


def _between(x: Any, one: Resized) -> Any:
    """Each place as a mean of its two neighbours."""
    places = np.clip(one.places, 0, one.size - 1)
    before = np.floor(places).astype(np.int64)
    after = np.minimum(before + 1, one.size - 1)
    sides = [1] * x.ndim
    sides[one.axis] = -1
    share = torch.from_numpy(places - before).to(x.dtype).reshape(sides)
    first, second = (x.index_select(one.axis, torch.from_numpy(side)) for side in (before, after))
    return first * (1 - share) + second * share


def _smoothed(x: Any, found: Sequence[Resized]) -> Any:
    """Each place as a mean of the old ones below a triangle, as wide as the larger of both pixels on either side: axis
    by axis a product with a matrix, for which every runtime has a kernel."""
    for one in found:
        reach = max(one.step, 1.0)
        shares = np.maximum(0.0, 1.0 - np.abs(one.places[:, None] - np.arange(one.size)) / reach)
        shares /= shares.sum(axis=1, keepdims=True)
        moved = functional.linear(x.movedim(one.axis, -1), torch.from_numpy(shares).to(x.dtype))
        x = moved.movedim(-1, one.axis)
    return x
