"""What a layer asks for: from the nodes that its runtime says it came from; else why that isn't known."""

from __future__ import annotations

from runner.graphs.cost import GraphCost, NodeCost
from runner.measure import layer_cost
from runner.measure.layer_profile import Layer
from runner.measure.roofline import Peaks

CONV = NodeCost("/0/Conv", "Conv", 1_000, 400)
RELU = NodeCost("/1/Relu", "Relu", 10, 80)
TOPK = NodeCost("best", "TopK", None, 40, "what it computes is not known")
GRAPH = GraphCost(1_010, 0, 0, 0, nodes={"/0/Conv": CONV, "/0/Conv_output_0": CONV, "/1/Relu": RELU, "best": TOPK})
PEAKS = Peaks("2026-11-30T10:00:00+00:00", "abc", 1, {"fp32": 1e9}, {"fp32": "numpy"}, ((100, 1e9),))


def layer(
    name: str, *nodes: str, ns: float = 4_000.0, calls: int = 1, moved: int | None = None, kind: str = "Convolution"
) -> Layer:
    return Layer(name, kind, "fp32", ns, calls, 0.5, nodes, bytes=moved)


def costed(*layers: Layer, graph: GraphCost | str = GRAPH, peaks: Peaks | str = PEAKS) -> list[Layer]:
    return layer_cost.costed(layers, graph, peaks)


def test_a_layer_that_is_one_node_has_its_operations_bytes_and_bound() -> None:
    (found,) = costed(layer("/0/Conv", "/0/Conv"))
    assert (found.flops, found.bytes, found.bound_ns, found.absent) == (1_000, 400, 1_000.0, {})


def test_each_call_in_a_run_counts() -> None:
    (found,) = costed(layer("/0/Conv", "/0/Conv", calls=3))
    assert (found.flops, found.bytes) == (3_000, 1_200)


def test_of_fused_nodes_it_has_the_sum_and_the_bytes_that_the_runtime_says() -> None:
    (found,) = costed(layer("c", "/0/Conv/WithoutBiases", "/1/Relu", moved=300))
    assert (found.flops, found.bytes) == (1_010, 300)
    (unsaid,) = costed(layer("c", "/0/Conv/WithoutBiases", "/1/Relu"))
    assert unsaid.absent["bytes"] == "the runtime doesn't say what it reads and writes"


def test_a_node_that_two_layers_name_is_counted_in_the_longer_one() -> None:
    short, long = costed(layer("bias", "/0/Conv", ns=10.0), layer("product", "/0/Conv_output_0"))
    assert (long.flops, short.flops) == (1_000, None)
    assert short.absent["flops"] == "its nodes are counted in product"


def test_the_only_recurrent_layer_is_the_only_recurrent_node_whatever_it_is_called() -> None:
    gru = NodeCost("/r/GRU", "GRU", 500, 100)
    graph = GraphCost(500, 0, 0, 0, nodes={"/r/GRU": gru, "/r/GRU_output_0": gru})
    one = Layer("GRUSequence_61", "GRUSequence", "fp32", 5.0, 1, 0.5, ("GRUSequence_61",), bytes=90)
    (found,) = costed(one, graph=graph)
    assert (found.flops, found.bytes) == (500, 90)
    other = Layer("GRUSequence_62", "GRUSequence", "fp32", 5.0, 1, 0.5)
    assert [layer.flops for layer in costed(one, other, graph=graph)] == [None, None]


def test_what_is_not_known_is_never_a_zero() -> None:
    (unsaid,) = costed(layer("x", kind="Pooling"))
    assert (unsaid.flops, unsaid.absent["flops"]) == (None, "the runtime doesn't say which nodes it came from")
    (other,) = costed(layer("x", "Multiply_14181", kind="Pooling"))
    assert other.absent["flops"] == "its nodes' names are not in the graph"
    (unknown,) = costed(layer("x", "best"))
    assert unknown.absent["flops"] == "TopK best: what it computes is not known"
    assert unknown.absent["bound_ns"] == unknown.absent["flops"]


def test_without_a_graph_or_peaks_the_reason_is_theirs() -> None:
    (found,) = costed(layer("x", "/0/Conv"), graph="it is no ONNX graph")
    assert found.absent["flops"] == "it is no ONNX graph"
    (bare,) = costed(layer("x", "/0/Conv"), peaks="no peaks")
    assert (bare.flops, bare.bytes, bare.absent) == (1_000, 400, {"bound_ns": "no peaks"})
