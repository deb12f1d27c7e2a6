"""Graphs as TVM runs them, in this process: beside what ONNX Runtime makes of them."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

pytest.importorskip("tvm", reason="apache-tvm is not installed here")

import tvm
from tvm import relax

from runner.backends.tvm import cpus, importer, precisions, relax_types, schedule, unheeded
from runner.backends.tvm.refusal import NotMapped
from runner.core.errors import Unsupported
from tests.backends import onnx_nodes
from tests.backends.onnx_nodes import Case


def ran(case: Case, layout: str = "default", said: Sequence[str] = ()) -> list[Any]:
    """The outputs of a graph that is compiled with `backend.schedule=<layout>`, of which that is `said`."""
    target = tvm.target.Target(cpus.described(cpus.own(), platform.machine()))
    module = importer.module_of(case.model, {name: array.shape for name, array in case.feed.items()})
    module, notes = schedule.prepared(module, layout)
    assert notes == [*said]
    built = tvm.compile(module, target=target, relax_pipeline=schedule.pipeline_of(target, layout))
    found = relax.VirtualMachine(built, tvm.cpu())["main"](*map(tvm.runtime.tensor, case.feed.values()))
    return [one.numpy() for one in (found if len(case.model.graph.output) > 1 else [found])]


def assert_alike(found: list[Any], expected: list[Any]) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "about",
    [
        {"kind": "LSTM", "states": True},
        {"kind": "LSTM", "direction": "bidirectional", "peepholes": True},
        {"kind": "LSTM", "direction": "reverse", "lengths": True, "clip": 0.5},
        {"kind": "LSTM", "input_forget": 1, "bias": False},
        {"kind": "GRU", "states": True},
        {"kind": "GRU", "direction": "bidirectional", "linear_before_reset": 1},
        {"kind": "GRU", "direction": "reverse", "lengths": True, "clip": 0.5},
        {"kind": "RNN", "direction": "bidirectional", "states": True},
        {"kind": "RNN", "activations": ["Affine"], "activation_alpha": [0.5], "activation_beta": [0.1]},
        {"kind": "RNN", "activations": ["ScaledTanh"], "activation_alpha": [0.5], "activation_beta": [0.3]},
        {"kind": "RNN", "activations": ["ThresholdedRelu"], "activation_alpha": [0.2]},
        {"kind": "GRU", "activations": ["HardSigmoid", "Softsign"], "activation_alpha": [0.3]},
        {"kind": "LSTM", "activations": ["Sigmoid", "LeakyRelu", "Elu"], "activation_alpha": [0.1, 0.7]},
        {"kind": "RNN", "activations": ["Relu"]},
    ],
    ids=lambda about: "-".join(map(str, about.values())),
)
def test_a_recurrent_node_agrees_with_onnx_runtime(about: dict[str, Any]) -> None:
    case = onnx_nodes.recurrent(**about)
    assert_alike(ran(case), onnx_nodes.reference(case))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_with_the_batch_first_it_is_the_same_turned(kind: str) -> None:
    steps_first = onnx_nodes.recurrent(kind, states=True)
    batch_first = onnx_nodes.recurrent(kind, states=True, layout=1)
    turned = {name: np.ascontiguousarray(array.swapaxes(0, 1)) for name, array in steps_first.feed.items()}
    for value in batch_first.model.graph.input:
        value.CopyFrom(helper.make_tensor_value_info(value.name, 1, turned[value.name].shape))
    y, *states = onnx_nodes.reference(steps_first)
    expected = [y.transpose(2, 0, 1, 3), *(state.swapaxes(0, 1) for state in states)]
    assert_alike(ran(Case(batch_first.model, turned)), expected)


def test_a_sum_over_one_value_keeps_its_start_in_the_generic_schedule() -> None:
    case = onnx_nodes.recurrent("GRU", features=1, linear_before_reset=1)
    assert_alike(ran(case, "generic"), onnx_nodes.reference(case))


def test_a_graph_that_asks_itself_for_sizes_is_taken() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    nodes = [
        helper.make_node("Shape", ["x"], ["rows"], end=1),
        helper.make_node("Concat", ["rows", "twelve"], ["sizes"], axis=0),
        helper.make_node("Reshape", ["x", "sizes"], ["y"]),
    ]
    case = onnx_nodes.graph(nodes, {"x": x}, ["y"], twelve=np.array([12]))
    assert_alike(ran(case), [x.reshape(2, 12)])


def test_where_an_operator_has_channels_first_alone_all_have_and_it_is_said() -> None:
    random = np.random.default_rng(0)
    k, t = (random.standard_normal((4, 4, 2, 2)).astype(np.float32) for _ in range(2))
    nodes = [helper.make_node("Conv", ["x", "k"], ["c"]), helper.make_node("ConvTranspose", ["c", "t"], ["y"])]
    case = onnx_nodes.graph(nodes, {"x": random.standard_normal((1, 4, 3, 3)).astype(np.float32)}, ["y"], k=k, t=t)
    said = "channels stay first, where vectors don't reach them: TVM has no relax.nn.conv2d_transpose with them last"
    assert_alike(ran(case, "generic", [said]), onnx_nodes.reference(case))


def test_an_activation_that_onnx_has_not_is_named_with_its_node() -> None:
    case = onnx_nodes.recurrent("RNN", activations=["Swish"])
    with pytest.raises(Unsupported, match=r"^tvm can't convert node cell \(RNN\): its activation Swish\."):
        ran(case)


def test_an_activation_without_a_constant_that_onnx_names_no_usual_one_of_is_refused() -> None:
    case = onnx_nodes.recurrent("RNN", activations=["Affine"])
    with pytest.raises(Unsupported, match=r"cell \(RNN\): its activation Affine without activation_alpha"):
        ran(case)


@pytest.mark.parametrize(("kind", "domain"), [("Foo", "acme"), ("Relu", "acme"), ("Det", "")])
def test_an_operator_that_tvm_has_not_is_named_with_its_node(kind: str, domain: str) -> None:
    node = helper.make_node(kind, ["x"], ["y"], name="exotic", domain=domain)
    case = onnx_nodes.graph([node], {"x": np.ones((2, 3), np.float32)}, ["y"])
    shown = f"{domain}.{kind}" if domain else kind
    with pytest.raises(Unsupported) as error:
        ran(case)
    assert error.value.reason.startswith(f"tvm can't convert node exotic ({shown}): ")


IMAGE = np.arange(32, dtype=np.float32).reshape(1, 2, 4, 4)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (helper.make_node("Resize", ["x", "", "", "s"], ["y"], antialias=1), "it ignores antialias=1"),
        (
            helper.make_node("Resize", ["x", "", "", "s"], ["y"], keep_aspect_ratio_policy="not_larger"),
            "it ignores keep_",
        ),
        (helper.make_node("Resize", ["x", "", "odd"], ["y"]), "it resizes by scales=.* to sizes that are not whole"),
        (helper.make_node("Dropout", ["x"], ["y", "m"]), "it doesn't give its output mask"),
        (helper.make_node("Dropout", ["x", "", "yes"], ["y"]), "it ignores its input training_mode"),
        (helper.make_node("IsInf", ["x"], ["y"], detect_negative=0), "it ignores detect_negative=0"),
        (helper.make_node("MaxPool", ["x"], ["y", "i"], kernel_shape=[2, 2]), "it doesn't give its output Indices"),
        (helper.make_node("LayerNormalization", ["x", "w"], ["y", "m"]), "it doesn't give its output Mean"),
        (helper.make_node("ConvTranspose", ["x", "k"], ["y"], output_shape=[9, 9]), "it ignores output_shape="),
        (helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT8E5M2), "it rounds float8e5m2 otherwise"),
        (helper.make_node("Mod", ["x", "x"], ["y"]), "of floats it has another remainder with fmod=0"),
        (helper.make_node("ReduceMax", ["none"], ["y"]), "of no values it gives a finite number"),
        (helper.make_node("Tile", ["x", "n"], ["y"]), "its repeats are known only when it runs"),
        (helper.make_node("Expand", ["x", "n"], ["y"]), "its sizes are known only when it runs"),
    ],
    ids=lambda one: "-".join([one.op_type, *one.output]) if isinstance(one, onnx.NodeProto) else "",
)
def test_what_it_would_compute_otherwise_is_refused_with_the_node(node: onnx.NodeProto, said: str) -> None:
    constants: dict[str, Any] = {
        "s": np.array([1, 2, 2, 2]),
        "odd": np.array([1, 1, 0.6, 1], "f4"),
        "yes": np.array(True),
    }
    constants |= {"w": np.ones(4, "f4"), "k": np.ones((2, 1, 2, 2), "f4"), "none": np.zeros((2, 0), "f4")}
    case = onnx_nodes.graph([node], {"x": IMAGE, "n": np.ones(4, np.int64)}, ["y"], **constants)
    with pytest.raises(Unsupported, match=f"tvm can't convert node y \\({node.op_type}\\): {said}"):
        importer.module_of(case.model, {name: array.shape for name, array in case.feed.items()})


def test_a_resize_of_some_axes_is_one_of_all() -> None:
    nodes = [
        helper.make_node("Resize", ["x", "", "twice"], ["w"], axes=[3], mode="linear"),
        helper.make_node("Resize", ["w", "", "", "s"], ["y"], axes=[-1, 2], mode="nearest"),
    ]
    case = onnx_nodes.graph(nodes, {"x": IMAGE}, ["y"], twice=np.array([2], "f4"), s=np.array([6, 8]))
    case.model.opset_import[0].version = 18
    assert_alike(ran(case), onnx_nodes.reference(case))


@pytest.mark.parametrize("repeats", [[7, 6, 4, 1], [1, 1, 1, 2]])
def test_a_tile_repeats_every_axis(repeats: list[int]) -> None:
    x = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)
    case = onnx_nodes.graph([helper.make_node("Tile", ["x", "n"], ["y"])], {"x": x}, ["y"], n=np.array(repeats))
    (found,) = ran(case)
    np.testing.assert_array_equal(found, np.tile(x, repeats))


def test_a_first_state_that_is_not_given_is_zeros() -> None:
    case = onnx_nodes.recurrent("LSTM", states=True, without="h")
    assert_alike(ran(case), onnx_nodes.reference(case))


def test_names_with_slashes_colons_and_spaces_are_taken() -> None:
    node = helper.make_node("Add", ["/in.0:a b", "1"], ["out: 2/c"])
    feed = {"/in.0:a b": np.ones((2, 3), np.float32), "1": np.full((2, 3), 2, np.float32)}
    (found,) = ran(onnx_nodes.graph([node], feed, ["out: 2/c"]))
    assert (found == 3).all()


def test_whole_numbers_and_truth_values_go_in() -> None:
    nodes = [helper.make_node("Cast", ["i"], ["f"], to=1), helper.make_node("Where", ["t", "f", "x"], ["y"])]
    feed = {"i": np.arange(4), "t": np.array([True, False, True, False]), "x": np.full(4, -1, np.float32)}
    (found,) = ran(onnx_nodes.graph(nodes, feed, ["y"]))
    assert found.tolist() == [0, -1, 2, -1]


def test_scalars_and_several_outputs_come_out() -> None:
    nodes = [helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0), helper.make_node("Neg", ["x"], ["n"])]
    total, negative = ran(onnx_nodes.graph(nodes, {"x": np.arange(3, dtype=np.float32)}, ["s", "n"]))
    assert (total.shape, total.item(), negative.tolist()) == ((), 3, [0, -1, -2])


@pytest.mark.parametrize("channels", [3, 10, 32])
def test_the_generic_schedule_gives_what_tvms_own_gives(channels: int) -> None:
    random = np.random.default_rng(0)
    kernel = random.standard_normal((channels, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["y"]),
    ]
    case = onnx_nodes.graph(nodes, {"x": random.standard_normal((1, 3, 9, 9)).astype(np.float32)}, ["y"], k=kernel)
    assert_alike(ran(case, "generic"), onnx_nodes.reference(case))


def test_a_quantised_convolution_is_said_to_run_in_float() -> None:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("DequantizeLinear", ["k", "s", "z"], ["w"]),
        helper.make_node("Conv", ["d", "w"], ["y"]),
    ]
    random = np.random.default_rng(0)
    kernel = random.integers(-9, 9, (4, 2, 3, 3)).astype(np.int8)
    constants = {"s": np.float32(0.1), "z": np.int8(0), "k": kernel}
    constants = {name: np.asarray(value) for name, value in constants.items()}
    case = onnx_nodes.graph(nodes, {"x": random.standard_normal((1, 2, 5, 5)).astype(np.float32)}, ["y"], **constants)
    module = importer.module_of(case.model, {"x": (1, 2, 5, 5)})
    counts = precisions.effective(module)
    assert counts["conv2d"] == {"fp32": 1}
    assert counts["dequantize"] == {"conversion": 2}
    assert_alike(ran(case), onnx_nodes.reference(case))


@pytest.mark.parametrize(("operator", "kind"), [("BitShift", "int32"), ("Mod", "float32"), ("Relu", "float8_e5m2")])
def test_what_an_older_tvm_ignores_is_found_by_its_own_names_of_types(
    operator: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relax_types, "_OLD", True)
    with pytest.raises(NotMapped):
        unheeded.check(operator, [SimpleNamespace(struct_info_=relax.TensorType((2,), kind))], {})
