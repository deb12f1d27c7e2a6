"""ONNX graphs as PyTorch networks, for LiteRT's converter: ONNX's own node cases agree, or are refused by name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case import node as node_cases

from runner.backends.litert import onnx_network
from runner.core.errors import Unsupported
from runner.graphs import folding
from tests.backends import onnx_nodes

# Operators, and how many of their cases agree at least: the others are refused.
GROUPS = {
    "convolutions": (("Conv", "ConvTranspose"), 14),
    "pools": (("AveragePool", "GlobalAveragePool", "MaxPool", "GlobalMaxPool"), 30),
    "normalisations": (("BatchNormalization", "InstanceNormalization", "LayerNormalization"), 4),
    "recurrent": (("LSTM", "GRU", "RNN"), 14),
    "sizes": (("Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Concat", "Split", "Slice", "Gather"), 74),
    "other sizes": (("Expand", "Pad", "Tile", "GatherElements", "DepthToSpace", "SpaceToDepth"), 16),
    "resized": (("Resize", "Upsample"), 18),
    "by element": (("Add", "Div", "Pow", "Clip", "Gelu", "HardSigmoid", "LeakyRelu", "Where", "Sum", "Max"), 52),
    "more by element": (("PRelu", "Elu", "Selu", "Mish", "Softsign", "Round", "Sign", "Tan", "Atan", "Xor"), 23),
    "compared": (("GreaterOrEqual", "LessOrEqual"), 10),
    "over axes": (("Softmax", "LogSoftmax", "ArgMax", "ReduceMean", "ReduceSum", "MatMul", "Gemm"), 59),
    "more over axes": (("ArgMin", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare"), 44),
}
MODULES = {
    "BatchNormalization": "batch_normalization",
    "GreaterOrEqual": "greater_or_equal",
    "InstanceNormalization": "instance_normalization",
    "LessOrEqual": "less_or_equal",
    "ReduceLogSumExp": "reduce_log_sum_exp",
}


@pytest.mark.parametrize("group", GROUPS)
def test_onnxs_own_cases_agree_or_are_refused_with_the_nodes_name(group: str) -> None:
    operators, agreeing = GROUPS[group]
    cases = [case for operator in operators for case in cases_of(operator)]
    assert sum(agrees(*case) for case in cases) >= agreeing


def cases_of(operator: str) -> list[tuple[onnx.ModelProto, list[Any], list[Any]]]:
    """(Model, inputs, outputs) of the operator's cases, of types that numpy has."""
    importlib.import_module(f"onnx.backend.test.case.node.{MODULES.get(operator, operator.lower())}")
    found = [(one.model, *one.data_sets[0]) for one in node_cases._NodeTestCases if one.data_sets]
    return [case for case in found if [node.op_type for node in case[0].graph.node] == [operator] and fits(*case)]


def fits(model: onnx.ModelProto, inputs: Sequence[Any], outputs: Sequence[Any]) -> bool:
    return all(isinstance(one, np.ndarray) and one.dtype.kind in "fiub" for one in (*inputs, *outputs))


def agrees(model: onnx.ModelProto, inputs: Sequence[Any], outputs: Sequence[Any]) -> bool:
    try:
        found = ran(model, inputs)
    except Unsupported as error:
        assert f"({model.graph.node[0].op_type})" in error.reason
        return False
    for ours, theirs in zip(found, outputs, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5, err_msg=model.graph.name)
        assert ours.dtype == theirs.dtype, model.graph.name
    return True


def ran(model: onnx.ModelProto, inputs: Sequence[Any]) -> list[Any]:
    """What the network answers; all inputs but the first are constants, as weights, sizes and axes are."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value, array in zip(list(fixed.graph.input)[1:], inputs[1:], strict=True):
        fixed.graph.initializer.append(numpy_helper.from_array(array, value.name))
    with torch.no_grad():
        found = onnx_network.Graph(fixed)(torch.from_numpy(inputs[0].copy()))
    return [one.numpy() for one in found]


@pytest.mark.parametrize("size", [(8, 6), (5, 7), (20, 6)])
def test_images_are_smoothed_as_by_onnx_runtime(size: tuple[int, int]) -> None:
    scales = np.array([1, 1, size[0] / 16, size[1] / 12], np.float32)
    how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel", "antialias": 1, "exclude_outside": 1}
    nodes = [helper.make_node("Resize", ["x", "", "scales"], ["y"], **how)]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    ports[0] = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 16, 12])
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], [numpy_helper.from_array(scales, "scales")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    x = np.random.default_rng(0).standard_normal((1, 3, 16, 12)).astype(np.float32)
    (expected,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    with torch.no_grad():
        (found,) = onnx_network.Graph(model)(torch.from_numpy(x))
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("LSTM", {}),
        ("GRU", {"linear_before_reset": 1}),
        ("GRU", {"linear_before_reset": 0}),
        ("RNN", {}),
        ("RNN", {"activations": ["Relu"]}),
    ],
)
def test_recurrent_nodes_agree_with_onnx_runtime(kind: str, attributes: dict[str, Any], direction: str) -> None:
    twice = direction == "bidirectional"
    given = {name: value * 2 if twice and name == "activations" else value for name, value in attributes.items()}
    model = recurrent(kind, direction, **given)
    x = np.random.default_rng(1).standard_normal((5, 1, 3)).astype(np.float32)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    with torch.no_grad():
        found = onnx_network.Graph(folding.folded(model))(torch.from_numpy(x))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("kind", "without"), [("LSTM", ""), ("LSTM", "h"), ("LSTM", "c"), ("GRU", ""), ("RNN", ""), ("RNN", "h")]
)
def test_a_first_state_that_is_not_given_is_zeros(kind: str, without: str, direction: str) -> None:
    case = onnx_nodes.recurrent(kind, direction=direction, states=True, without=without)
    with torch.no_grad():
        found = onnx_network.Graph(case.model)(*map(torch.from_numpy, case.feed.values()))
    for ours, theirs in zip(found, onnx_nodes.reference(case), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-6, atol=1e-6)


def recurrent(kind: str, direction: str, **attributes: Any) -> onnx.ModelProto:
    """One node with weights, bias and a first state; 3 features, 4 hidden."""
    draw, gates = np.random.default_rng(0), {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    count = 2 if direction == "bidirectional" else 1
    shapes = {"w": (count, 4 * gates, 3), "r": (count, 4 * gates, 4), "b": (count, 8 * gates), "h": (count, 1, 4)}
    shapes |= {"c": (count, 1, 4)} if kind == "LSTM" else {}
    weights = [numpy_helper.from_array(draw.normal(size=s).astype(np.float32), n) for n, s in shapes.items()]
    named = ["x", "w", "r", "b", "", "h", *(["c"] if kind == "LSTM" else [])]
    node = helper.make_node(kind, named, ["y", "last"], "cell", hidden_size=4, direction=direction, **attributes)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [5, 1, 3])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "last")]
    graph = helper.make_graph([node], "recurrent", [x], ends, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"clip": 3.0}, "its clip=3.0"),
        ({"activations": ["Relu", "Tanh"]}, "its activations=['Relu', 'Tanh']"),
    ],
)
def test_what_pytorchs_gru_hasnt_is_refused_with_the_reason(attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsupported) as error:
        onnx_network.Graph(recurrent("GRU", "forward", **attributes))
    assert error.value.reason == f"litert can't convert node cell (GRU): {said}."


def test_an_operator_that_isnt_mapped_is_named() -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 5]) for name in "xy"]
    node = helper.make_node("Foo", ["x"], ["y"], "strange", domain="mine")
    with pytest.raises(Unsupported, match=r"can't convert node strange \(mine\.Foo\): no such operator is mapped"):
        onnx_network.Graph(helper.make_model(helper.make_graph([node], "g", ends[:1], ends[1:])))
