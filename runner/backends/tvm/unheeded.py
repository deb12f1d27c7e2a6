"""What TVM's importer (0.27) computes otherwise than ONNX says, without a word: nodes that are refused, and those that
are said otherwise first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto
from tvm import relax
from tvm.relax import op

from runner.backends.tvm import relax_types
from runner.backends.tvm.recurrent import sizes, values
from runner.backends.tvm.refusal import NotMapped
from runner.graphs.unheeded import Rules, attribute, operand, output

RULES: Rules = {
    "BatchNormalization": (attribute("training_mode", 0),),
    "ConvTranspose": (attribute("output_shape", None),),
    "Dropout": (output(1, "mask"), operand(2, "training_mode", False)),
    "IsInf": (attribute("detect_negative", 1), attribute("detect_positive", 1)),
    "LayerNormalization": (output(1, "Mean"), output(2, "InvStdDev")),
    "MaxPool": (output(1, "Indices"),),
    "Resize": (attribute("antialias", 0), attribute("keep_aspect_ratio_policy", "stretch", "")),
    "RoiAlign": (attribute("mode", "avg"),),
}
NARROW = ("float8", "float4")  # names of types start so
SCALES, SIZES, ROI = 2, 3, 1  # places of a Resize's inputs
ROUNDING = 1e-6  # of scales in float32
BY_CORNERS = (b"align_corners", b"tf_crop_and_resize")  # ways of a Resize that don't use its scales for places


def check(kind: str, inputs: Sequence[Any], given: Mapping[str, Any]) -> None:
    """Raises NotMapped where a node with these `inputs` would compute something else."""
    narrow = next((one for one in map(relax_types.dtype, inputs) if one.startswith(NARROW)), None)
    if kind in ("Cast", "CastLike") and narrow is None:
        narrow = _target(given)
    if narrow is not None:
        raise NotMapped(f"it rounds {narrow} otherwise")
    if kind in CHECKS:
        CHECKS[kind](inputs, given)


def _target(given: Mapping[str, Any]) -> str | None:
    kind = given.get("to", TensorProto.UNDEFINED)
    name = TensorProto.DataType.Name(kind).lower()
    return name if name.startswith(NARROW) else None


def _shifted(inputs: Sequence[Any], given: Mapping[str, Any]) -> None:
    if relax_types.dtype(inputs[0]).startswith("int"):
        raise NotMapped("it shifts signed numbers otherwise beyond their width and their sign")


def _remainder(inputs: Sequence[Any], given: Mapping[str, Any]) -> None:
    if relax_types.dtype(inputs[0]).startswith("float") and not given.get("fmod", 0):
        raise NotMapped("of floats it has another remainder with fmod=0")


def _expanded(inputs: Sequence[Any], given: Mapping[str, Any]) -> None:
    if values(inputs[1]) is None and not isinstance(inputs[1], relax.ShapeExpr):
        raise NotMapped("its sizes are known only when it runs")


def _reduced(inputs: Sequence[Any], given: Mapping[str, Any]) -> None:
    if 0 in sizes(inputs[0]):
        raise NotMapped("of no values it gives a finite number")


def _resized(inputs: Sequence[Any], given: Mapping[str, Any]) -> None:
    """Sizes are rounded down, and places reckoned by sizes instead of by the scales."""
    scales = values(inputs[SCALES]) if inputs[SCALES] is not None else None
    if scales is None or not scales.size or given.get("coordinate_transformation_mode") in BY_CORNERS:
        return
    exact = np.asarray(sizes(inputs[0])) * scales.astype(np.float64)
    if np.abs(exact - np.round(exact)).max() > ROUNDING * exact.max():
        raise NotMapped(f"it resizes by scales={[float(one) for one in scales]} to sizes that are not whole")


CHECKS = {
    "BitShift": _shifted,
    "Expand": _expanded,
    "Mod": _remainder,
    "ReduceMax": _reduced,
    "ReduceMin": _reduced,
    "Resize": _resized,
}


def over_all_axes(inputs: Sequence[Any], given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """(inputs, attributes) of a Resize that names `axes`, the same said of all."""
    shape = sizes(inputs[0])
    axes = [axis % len(shape) for axis in given["axes"]]
    whole = {ROI: [0.0] * len(shape) + [1.0] * len(shape), SCALES: [1.0] * len(shape), SIZES: list(shape)}
    places = {ROI: [*axes, *(len(shape) + axis for axis in axes)], SCALES: axes, SIZES: axes}
    made = [*inputs, *[None] * (4 - len(inputs))]
    for at, every in whole.items():
        own = None if made[at] is None else values(made[at])
        if made[at] is not None and own is None:
            raise NotMapped("it resizes some axes by what is known only when it runs")
        if own is not None and own.size:
            full = np.asarray(every, own.dtype)
            full[places[at]] = own
            made[at] = relax.const(full)
    return made, {name: value for name, value in given.items() if name != "axes"}


def tiled(emit: Any, inputs: Sequence[Any]) -> Any:
    """A Tile as one that spreads over new axes: TVM's own reads some of its places wrong."""
    repeats, shape = values(inputs[1]), sizes(inputs[0])
    if repeats is None:
        raise NotMapped("its repeats are known only when it runs")
    pairs = list(zip((int(one) for one in repeats), shape, strict=True))
    apart = emit(op.reshape(inputs[0], [size for _, own in pairs for size in (1, own)]))
    spread = emit(op.broadcast_to(apart, [size for pair in pairs for size in pair]))
    return emit(op.reshape(spread, [count * own for count, own in pairs]))
