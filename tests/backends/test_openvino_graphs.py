"""Graphs as OpenVINO runs them, in this process: what it would compute otherwise is refused with node and attribute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino
import pytest
from onnx import helper

from runner.backends.openvino import compile as compiling
from runner.backends.openvino import unheeded
from runner.core.errors import Unsupported
from tests.backends import onnx_nodes
from tests.backends import test_others_graphs as others
from tests.backends.onnx_nodes import Case

IMAGE = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
SIZES = {"s": np.array([1, 1, 2, 2])}


def ran(case: Case, path: Path) -> list[Any]:
    """The outputs of a graph that is checked and converted as the compile does it."""
    unheeded.check(case.model)
    onnx.save(case.model, path / "my.onnx")
    model = unheeded.ordered(compiling.read(path / "my.onnx"))
    unheeded.check_sized(model)
    found = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(list(case.feed.values()))
    return [found[at] for at in range(len(case.model.graph.output))]


def resize(**attributes: Any) -> Case:
    node = helper.make_node("Resize", ["x", "", "", "s"], ["y"], "smaller", mode="linear", **attributes)
    return onnx_nodes.graph([node], {"x": IMAGE}, ["y"], **SIZES)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"antialias": 1}, "it ignores antialias=1"),
        ({"exclude_outside": 1}, "it ignores exclude_outside=1"),
        ({"keep_aspect_ratio_policy": "not_larger"}, "it ignores keep_aspect_ratio_policy=not_larger"),
    ],
)
def test_a_resize_that_it_would_do_otherwise_is_refused(attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsupported) as caught:
        unheeded.check(resize(**attributes).model)
    assert caught.value.reason == f"openvino can't convert node smaller (Resize) as ONNX defines it: {said}."


def test_a_resize_with_the_usual_values_written_out_is_taken(tmp_path: Path) -> None:
    case = resize(antialias=0, keep_aspect_ratio_policy="stretch", exclude_outside=0)
    case.model.opset_import[0].version = 18
    np.testing.assert_allclose(ran(case, tmp_path)[0], onnx_nodes.reference(case)[0], atol=1e-6)


def test_the_compile_says_it_before_anything_is_made(tmp_path: Path) -> None:
    case = resize(antialias=1)
    case.model.opset_import[0].version = 18
    case.model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", 1, [1, 1, 2, 2]))
    onnx.save(case.model, tmp_path / "my.onnx")
    with pytest.raises(Unsupported, match=r"node smaller \(Resize\) as ONNX defines it: it ignores antialias=1"):
        others.through(tmp_path, str(tmp_path / "my.onnx"), backend="openvino")


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"kind": "LSTM", "peepholes": True}, "its input P (peepholes)"),
        ({"kind": "LSTM", "input_forget": 1}, "input_forget=1"),
        ({"kind": "LSTM", "layout": 1}, "layout=1"),
        ({"kind": "GRU", "layout": 1}, "layout=1"),
        ({"kind": "RNN", "layout": 1}, "layout=1"),
    ],
)
def test_a_recurrent_node_that_it_would_run_otherwise_is_refused(about: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsupported) as caught:
        unheeded.check(onnx_nodes.recurrent(**about).model)
    assert caught.value.reason.endswith(f"cell ({about['kind']}) as ONNX defines it: it ignores {said}.")


@pytest.mark.parametrize(
    "about",
    [
        {"kind": "LSTM", "states": True, "without": "h"},
        {"kind": "LSTM", "states": True, "without": "c", "direction": "bidirectional"},
        {"kind": "LSTM", "lengths": True, "clip": 0.5, "input_forget": 0},
        {"kind": "GRU", "linear_before_reset": 1, "direction": "reverse"},
    ],
    ids=lambda about: "-".join(map(str, about.values())),
)
def test_other_recurrent_nodes_agree_with_onnx_runtime(about: dict[str, Any], tmp_path: Path) -> None:
    case = onnx_nodes.recurrent(**about)
    for one, other in zip(ran(case, tmp_path), onnx_nodes.reference(case), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("node", "opset", "said"),
    [
        (helper.make_node("RoiAlign", ["x", "r", "b"], ["y"], mode="max"), 16, "mode=max"),
        (helper.make_node("SpaceToDepth", ["x"], ["y"], blocksize=2, mode="CRD"), 28, "mode=CRD"),
        (helper.make_node("DFT", ["x"], ["y"], onesided=1), 17, "onesided=1"),
        (helper.make_node("DFT", ["x"], ["y"], axis=-2), 17, "axis=-2"),
        (helper.make_node("DFT", ["x", "", "two"], ["y"]), 20, "its axis, which it takes for 1"),
        (helper.make_node("Attention", ["x", "x", "x"], ["y"], left_window_size=2), 25, "left_window_size=2"),
        (helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.FLOAT8E5M2), 19, "saturate=1 to FLOAT8E5M2"),
    ],
)
def test_an_attribute_that_it_ignores_is_named(node: onnx.NodeProto, opset: int, said: str) -> None:
    case = onnx_nodes.graph([node], {"x": IMAGE}, ["y"], two=np.array(2))
    case.model.opset_import[0].version = opset
    with pytest.raises(Unsupported, match=f"y \\({node.op_type}\\) as ONNX defines it: it ignores {said}"):
        unheeded.check(case.model)


@pytest.mark.parametrize(
    ("node", "opset"),
    [
        (helper.make_node("DFT", ["x"], ["y"], axis=2), 17),
        (helper.make_node("DFT", ["x", "", "one"], ["y"]), 20),
        (helper.make_node("DFT", ["x", "", "before"], ["y"]), 20),
        (helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.FLOAT8E5M2, saturate=0), 19),
        (helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.FLOAT16), 19),
    ],
)
def test_its_neighbour_is_taken(node: onnx.NodeProto, opset: int) -> None:
    case = onnx_nodes.graph([node], {"x": IMAGE}, ["y"], one=np.array(1), before=np.array(-3))
    case.model.opset_import[0].version = opset
    unheeded.check(case.model)


@pytest.mark.parametrize("largest", [0, 1])
def test_equal_values_keep_their_order(largest: int, tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 4, (2, 64)).astype(np.float32)
    node = helper.make_node("TopK", ["x", "k"], ["v", "i"], largest=largest)
    case = onnx_nodes.graph([node], {"x": x}, ["v", "i"], k=np.array([40]))
    case.model.graph.output[1].type.tensor_type.elem_type = onnx.TensorProto.INT64
    for one, other in zip(ran(case, tmp_path), onnx_nodes.reference(case), strict=True):
        np.testing.assert_array_equal(one, other)


def pool(size: int) -> Case:
    node = helper.make_node(
        "MaxPool", ["x"], ["y"], kernel_shape=[1, 1], strides=[2, 2], pads=[0, 0, 0, 0], ceil_mode=1
    )
    return onnx_nodes.graph([node], {"x": np.arange(float(size**2), dtype="f4").reshape(1, 1, size, size)}, ["y"])


def test_a_pool_with_a_window_more_than_onnx_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"y \(MaxPool\) as ONNX defines it: with ceil_mode=1 it has a window more"):
        ran(pool(2), tmp_path)


def test_a_pool_whose_last_window_starts_inside_is_taken(tmp_path: Path) -> None:
    np.testing.assert_array_equal(ran(pool(3), tmp_path)[0], onnx_nodes.reference(pool(3))[0])


def test_repeats_that_are_an_input_are_refused_and_constant_ones_taken(tmp_path: Path) -> None:
    node, repeats = helper.make_node("Tile", ["x", "r"], ["y"]), np.array([2, 1, 1, 3])
    with pytest.raises(Unsupported, match=r"y \(Tile\) as ONNX defines it: its repeats are known only when it runs"):
        ran(onnx_nodes.graph([node], {"x": IMAGE, "r": repeats}, ["y"]), tmp_path)
    (found,) = ran(onnx_nodes.graph([node], {"x": IMAGE}, ["y"], r=repeats), tmp_path)
    np.testing.assert_array_equal(found, np.tile(IMAGE, repeats))


def test_the_largest_of_nothing_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("ReduceMax", ["x"], ["y"], axes=[1])
    with pytest.raises(Unsupported, match=r"\(ReduceMax\) as ONNX defines it: of no values it gives a finite number"):
        ran(onnx_nodes.graph([node], {"x": np.zeros((2, 0), "f4")}, ["y"]), tmp_path)
