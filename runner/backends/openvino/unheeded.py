"""What OpenVINO (2026.4) computes otherwise than ONNX says, without a word: such a graph is refused with its node."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto
from openvino import opset11  # type: ignore[import-untyped,unused-ignore]
from openvino.utils import replace_node  # type: ignore[import-untyped,unused-ignore]

from runner.core.errors import Unsupported
from runner.graphs.unheeded import Node, Rules, attribute, first, operand

ADVICE = "Choose another backend for it."
SIGNED_SHIFT = 28  # the operator set from which signed numbers are shifted
PAST_COUNTS = 24  # the one from which a causal mask counts from the start of what is past
AXIS_IS_INPUT = 20  # of a DFT
DFT_AXIS = 1  # the one that is always taken then
UNSIGNED = (TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64)
TOPK = ("axis", "mode", "sort", "index_element_type")  # attributes that a new one is given
SATURATING = ("FLOAT8E4M3FN", "FLOAT8E5M2", "FLOAT8E8M0", "FLOAT4E2M1")


def check(model: onnx.ModelProto) -> None:
    """Raises Unsupported naming the first node of which something isn't heeded."""
    found = first(model, RULES)
    if found is not None:
        node, said = found
        raise _refused(f"{node.name or node.output[0]} ({node.op_type})", said)


def check_sized(model: Any) -> None:
    """The same of a converted model whose sizes are fixed: what hangs on them."""
    for op in model.get_ops():
        said = SIZED[op.get_type_name()](op) if op.get_type_name() in SIZED else None
        if said is not None:
            name = next(iter(sorted(op.output(0).get_names())), op.get_friendly_name())
            raise _refused(f"{name} ({op.get_type_name()})", said)


def ordered(model: Any) -> Any:
    """`model` with the places of equal values in their order, in place: ONNX asks for it of TopK."""
    for op in model.get_ops():
        about = op.get_attributes() if op.get_type_name() == "TopK" else {}
        if about.get("sort") in ("value", "index") and not about.get("stable", False):
            made = opset11.topk(*op.input_values(), **{name: about[name] for name in TOPK}, stable=True)
            made.set_friendly_name(op.get_friendly_name())
            replace_node(op, made)
    return model


def _refused(node: str, said: str) -> Unsupported:
    return Unsupported(f"openvino can't convert node {node} as ONNX defines it: {said}.", ADVICE)


# --- of nodes as the file has them ---


def _past(one: Node) -> str | None:
    early = one.opset < PAST_COUNTS and one.given("is_causal", 0) and one.operand(4)
    return f"its causal mask counts past keys, which that of operator set {one.opset} doesn't" if early else None


def _saturates(one: Node) -> str | None:
    """What a float of 8 bits or fewer can't hold becomes infinite or NaN instead of its largest."""
    target = one.types.get(one.operand(1))
    kind = one.given("to", target.elem_type if target else TensorProto.UNDEFINED)
    name = TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else ""
    return f"it ignores saturate=1 to {name}" if name in SATURATING and one.given("saturate", 1) else None


def _signed(one: Node) -> str | None:
    known = one.types.get(one.operand(0))
    unsigned = one.opset < SIGNED_SHIFT or (known is not None and known.elem_type in UNSIGNED)
    return None if unsigned else "it shifts signed numbers otherwise beyond their width and their sign"


def _axis(one: Node) -> str | None:
    """The axis of a DFT: an attribute that has to count from the start, or an input that is taken for 1."""
    if one.opset < AXIS_IS_INPUT:
        return f"it ignores axis={one.given('axis', 1)}" if one.given("axis", 1) < 0 else None
    kind, given = one.types.get(one.operand(0)), one.constants.get(one.operand(2), None if one.operand(2) else -2)
    rank = len(kind.shape.dim) if kind is not None and kind.HasField("shape") else 0
    heeded = given is not None and int(given) in (DFT_AXIS, DFT_AXIS - rank)
    return None if heeded else f"it ignores its axis, which it takes for {DFT_AXIS}"


# --- of a converted model's, whose sizes are known ---


def _empty(op: Any) -> str | None:
    of_nothing = 0 in _sizes(op.input(0)) and op.get_element_type().is_real()
    return "of no values it gives a finite number" if of_nothing else None


def _computed(op: Any) -> str | None:
    """Some repeats leave memory as it was."""
    return None if op.output(0).get_partial_shape().is_static else "its repeats are known only when it runs"


def _beyond(op: Any) -> str | None:
    about, sizes, found = op.get_attributes(), _sizes(op.input(0)), _sizes(op.output(0))
    if about["rounding_type"] != "ceil" or not sizes or not found:
        return None
    ends = zip(found[2:], about["strides"], sizes[2:], about["pads_begin"], strict=True)
    starts = any((out - 1) * stride >= size + begin for out, stride, size, begin in ends)
    return "with ceil_mode=1 it has a window more, which starts in the padding" if starts else None


def _sizes(port: Any) -> list[int]:
    shape = port.get_partial_shape()
    return [int(size) for size in shape.to_shape()] if shape.is_static else []


RULES: Rules = {
    "Attention": (attribute("left_window_size", -1), attribute("right_window_size", -1), _past),
    "BitShift": (_signed,),
    "Cast": (_saturates,),
    "CastLike": (_saturates,),
    "DFT": (attribute("onesided", 0), _axis),
    "GRU": (attribute("layout", 0),),
    "LSTM": (attribute("layout", 0), attribute("input_forget", 0), operand(7, "P (peepholes)")),
    "RNN": (attribute("layout", 0),),
    "Resize": (
        attribute("antialias", 0),
        attribute("exclude_outside", 0),
        attribute("keep_aspect_ratio_policy", "stretch", ""),
    ),
    "RoiAlign": (attribute("mode", "avg"),),
    "SpaceToDepth": (attribute("mode", "DCR"),),
}
SIZED = {"MaxPool": _beyond, "ReduceMax": _empty, "ReduceMin": _empty, "Tile": _computed}
