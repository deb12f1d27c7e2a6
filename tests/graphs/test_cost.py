"""What a graph asks for, against nets that were counted by hand: a multiply-add is 2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from runner.graphs import cost
from runner.graphs.cost import GraphCost, Tensor

FLOAT = TensorProto.FLOAT


def weights(name: str, *shape: int, kind: Any = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones(shape, kind), name)


def model(nodes: list[Any], x: list[Any], *held: onnx.TensorProto, y: list[Any] | None = None) -> onnx.ModelProto:
    """From one input x to one output y."""
    ports = (helper.make_tensor_value_info("x", FLOAT, x), helper.make_tensor_value_info("y", FLOAT, y))
    graph = helper.make_graph(nodes, "g", [ports[0]], [ports[1]], list(held))
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets)


def counted(op: str, x: list[Any], *held: onnx.TensorProto, **attributes: Any) -> GraphCost:
    """Of one node of that type."""
    names = [one.name for one in held]
    return cost.cost(model([helper.make_node(op, ["x", *names], ["y"], name="one", **attributes)], x, *held))


def test_a_linear_layer_from_8_to_4_is_64_operations_and_4_of_its_bias() -> None:
    found = counted("Gemm", [1, 8], weights("w", 8, 4), weights("b", 4))
    assert (found.flops, found.weights, found.inputs, found.outputs) == (68, 4 * (32 + 4), 32, 16)
    assert found.bytes == 144 + 32 + 16
    assert counted("Gemm", [1, 8], weights("w", 8, 4)).flops == 64


def test_a_batch_of_three_is_three_times_the_work_and_the_weights_once() -> None:
    net = model([helper.make_node("MatMul", ["x", "w"], ["y"])], ["batch", 8], weights("w", 8, 4))
    one, three = cost.cost(net), cost.cost(net, 3)
    assert (one.flops, three.flops) == (64, 192)
    assert (one.weights, three.weights) == (128, 128)
    assert (three.inputs, three.outputs) == (3 * 32, 3 * 16)


@pytest.mark.parametrize(
    ("op", "x", "held", "attributes", "flops"),
    [
        # 6×6 values of 4 channels, each of a window of 2·3·3; then a bias each.
        ("Conv", [1, 2, 8, 8], [weights("w", 4, 2, 3, 3), weights("b", 4)], {}, 6 * 6 * 4 * (2 * 18 + 1)),
        ("Conv", [1, 4, 8, 8], [weights("w", 4, 1, 3, 3)], {"group": 4, "pads": [1] * 4}, 8 * 8 * 4 * 2 * 9),
        # Each of 2·4·4 values is spread over 3 channels of 2×2; the output is [1, 3, 8, 8].
        ("ConvTranspose", [1, 2, 4, 4], [weights("w", 2, 3, 2, 2)], {"strides": [2, 2]}, 2 * 32 * 12),
        ("Relu", [2, 5], [], {}, 10),
        ("Add", [2, 5], [weights("w", 5)], {}, 10),
        ("Softmax", [2, 5], [], {}, 50),
        ("ReduceMean", [2, 5], [], {}, 10),
        ("GlobalAveragePool", [1, 3, 4, 4], [], {}, 48),
        ("MaxPool", [1, 1, 4, 4], [], {"kernel_shape": [2, 2], "strides": [2, 2]}, 4 * 4),
        ("BatchNormalization", [1, 3, 2, 2], [weights(n, 3) for n in "abcd"], {}, 24),
        ("Einsum", [2, 3], [weights("w", 3, 5)], {"equation": "ij,jk->ik"}, 2 * 2 * 3 * 5),
        ("Transpose", [2, 5], [], {}, 0),
        ("Identity", [2, 5], [], {}, 0),
    ],
)
def test_one_operator(op: str, x: list[int], held: list[Any], attributes: dict[str, Any], flops: int) -> None:
    found = counted(op, x, *held, **attributes)
    assert (found.flops, dict(found.unknown)) == (flops, {})


@pytest.mark.parametrize(
    ("op", "gates", "pointwise", "direction", "directions"),
    [
        ("RNN", 1, 1, "forward", 1),
        ("GRU", 3, 8, "reverse", 1),
        ("LSTM", 4, 9, "bidirectional", 2),
    ],
)
def test_a_recurrent_net_multiplies_in_each_step_direction_and_gate(
    op: str, gates: int, pointwise: int, direction: str, directions: int
) -> None:
    steps, batch, inputs, hidden = 5, 2, 3, 4
    held = [
        weights("w", directions, gates * hidden, inputs),
        weights("r", directions, gates * hidden, hidden),
        weights("b", directions, 2 * gates * hidden),
    ]
    found = counted(op, [steps, batch, inputs], *held, hidden_size=hidden, direction=direction)
    products = gates * hidden * (2 * inputs + 2 * hidden)
    sums = 3 * gates * hidden  # of both products, and two biases
    assert found.flops == steps * batch * directions * (products + sums + pointwise * hidden)
    assert found.weights == 4 * sum(int(np.prod(one.dims)) for one in held)


def test_int8_weights_count_by_their_own_bytes_and_what_only_converts_by_nothing() -> None:
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    held = [weights("q", 8, 4, kind=np.int8), numpy_helper.from_array(np.float32(1), "s")]
    found = cost.cost(model(nodes, [1, 8], *held, numpy_helper.from_array(np.int8(0), "z")))
    assert (found.flops, found.weights) == (64, 32 + 4 + 1)


def test_a_weight_that_nothing_reads_is_not_moved() -> None:
    assert cost.cost(model([helper.make_node("Relu", ["x"], ["y"])], [1, 4], weights("w", 100))).weights == 0


def test_what_is_not_counted_is_named_and_never_a_zero() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("TopK", ["h", "k"], ["y", "i"], name="best"),
    ]
    k = numpy_helper.from_array(np.array([2], np.int64), "k")
    found = cost.cost(model(nodes, [1, 8], weights("w", 8, 4), k))
    assert (found.flops, dict(found.unknown)) == (64, {"TopK": (1, "what it computes is not known")})
    assert (found.nodes["best"].flops, found.nodes["best"].why) == (None, "what it computes is not known")


def test_sizes_that_are_open_are_a_reason() -> None:
    found = cost.cost(model([helper.make_node("MatMul", ["x", "w"], ["y"])], ["n", 8], weights("w", 8, 4)))
    assert dict(found.unknown) == {"MatMul": (1, "the sizes of its inputs are not known")}
    assert found.nodes["y"].bytes is None


def test_sizes_of_a_runtimes_own_operators_come_from_who_ran_them() -> None:
    node = helper.make_node("FusedConv", ["x", "w"], ["y"], name="c", domain="com.microsoft", activation="Relu")
    net = model([node], [1, 2, 8, 8], weights("w", 4, 2, 3, 3))
    assert "FusedConv" in cost.cost(net).unknown
    found = cost.cost(net, sizes={"c": [Tensor((1, 4, 6, 6), 4)]})
    assert (found.flops, found.nodes["c"].flops) == (144 * 37, 144 * 37)
    assert found.nodes["c"].bytes == 4 * (128 + 72 + 144)


def test_a_branch_is_not_counted_and_its_nodes_are_known_alone() -> None:
    inside = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["r"], name="inner")],
        "b", [], [helper.make_tensor_value_info("r", FLOAT, [1, 4])],
    )  # fmt: skip
    net = model([helper.make_node("If", ["c"], ["y"], then_branch=inside, else_branch=inside)], [1, 4])
    net.graph.initializer.append(numpy_helper.from_array(np.array(True), "c"))
    found = cost.cost(net)
    assert (found.flops, list(found.unknown)) == (0, ["If"])
    assert found.nodes["inner"].flops == 4


def test_a_size_below_0_is_open_as_some_exporters_mean_it() -> None:
    found = cost.cost(model([helper.make_node("Relu", ["x"], ["y"])], [-1, 8]))
    assert (found.inputs, list(found.unknown)) == (0, ["Relu"])


def test_a_file_is_read_without_its_external_weights(tmp_path: Path) -> None:
    net = model([helper.make_node("MatMul", ["x", "w"], ["y"])], [1, 64], weights("w", 64, 64))
    onnx.save(net, tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    (tmp_path / "w.bin").unlink()
    assert (cost.read(tmp_path / "m.onnx").flops, cost.read(tmp_path / "m.onnx").weights) == (8192, 4 * 64 * 64)
