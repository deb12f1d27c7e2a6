"""Other people's graphs: what ONNX Runtime runs, we run; what it refuses is told with the node and its type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from runner.backends.onnxruntime import capabilities
from runner.core import setting_rules
from runner.core.errors import SpecError, Unsupported
from runner.measure import output_errors, quality
from runner.models import onnx as user_onnx
from runner.worker import handlers
from tests.steps import chain

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
SAMPLES = 3


@dataclass(frozen=True)
class Ran:
    """`warnings` of all steps; `outputs` (samples first) by the compiled file, `reference` the float model's, `inputs`
    the test split's; `burst` and `repeats` as a worker answers them."""

    warnings: list[str]
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    reference: dict[str, Any]
    burst: dict[str, Any]
    repeats: dict[str, Any]

    def same(self) -> None:
        """The compiled file answers as the float model."""
        assert self.burst["outputs_finite"]
        assert self.outputs.keys() == self.reference.keys() > set()
        assert quality.fidelity(self.outputs, self.reference)[0]["max_abs_error"] < 1e-5


def value(name: str, kind: int, dims: Sequence[int | str] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, dims)


def saved(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: dict[str, Any] | None = None,
    opset: int = 17,
    ir: int = 8,
    domain: str = "",
) -> str:
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in (weights or {}).items()]
    graph = helper.make_graph(nodes, "theirs", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=ir), path)
    return str(path)


def through(
    base: Path,
    path: str,
    inputs: dict[str, Any] | None = None,
    precision: str = "fp32",
    exclude: Sequence[str] = (),
    backend: str = "onnxruntime",
    **shapes: Any,
) -> Ran:
    """All steps and a short measurement, in this process."""
    base.mkdir(exist_ok=True)
    given = str(base / "given.npz") if inputs else None
    if inputs and given:
        np.savez(given, **inputs)
    model = chain.model("onnx", path=path, shapes=shapes, inputs=given)
    needs = user_onnx.data_needs(setting_rules.build(user_onnx.Settings, model["settings"], "model"))
    warnings = chain.do("export", {"model": model}, {}, base)["warnings"]
    roles = {"model": base / "export"}
    roles["data"] = chain.data(base, "model_inputs", needs, 0, roles, samples=SAMPLES, calibration=4)
    if precision != "fp32":
        chosen = chain.values("precision", precision) | ({"exclude": list(exclude)} if precision == "int8" else {})
        asked = {"precision": precision, "settings": chosen, "dynamic_ops": ["MatMul"]}
        warnings += chain.do("quantize", asked, roles, base)["warnings"]
        roles["model"] = base / "quantize"
    options = chain.values("backend", backend)
    asked = {"backend": backend, "settings": options, "batch": 1, "precision": precision}
    meta = chain.do("compile", asked, roles, base)
    proof = chain.do("verify", asked, {**roles, "model": base / "compile"}, base)
    return measured(base, meta["session"], options, warnings + meta["warnings"] + proof["warnings"])


def measured(base: Path, session: str, options: dict[str, Any], warnings: list[str]) -> Ran:
    test, reference, state = str(base / "data/test.npz"), base / "data/reference.npz", handlers.State()
    known = str(reference) if reference.exists() else None
    load = {"session": session, "folder": str(base / "compile"), "options": options, "inputs": test, "batch": 1}

    def do(name: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = handlers.DO[name](state, request, lambda *_: None)
        return answer

    do("load", **load, samples=2, seed=0, reference=known)
    burst, repeats = do("burst", iterations=3), do("repeats", iterations=2, rounds=2, seed=0)
    do("predict", inputs=test, out=str(base / "predicted.npz"))
    with np.load(test) as file:
        fed = {name.removeprefix("in/"): file[name] for name in file.files}
    theirs = quality.read_outputs(Path(known)) if known else {}
    return Ran(warnings, fed, quality.read_outputs(base / "predicted.npz"), theirs, burst, repeats)


def test_outputs_as_large_as_the_data_say(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("NonZero", ["r"], ["y"])]
    ran = through(tmp_path, saved(tmp_path / "my.onnx", nodes, [value("x", FLOAT, [20])], [value("y", INT64, None)]))
    ran.same()
    assert [len(row) for row in ran.outputs["y"]] == [(row > 0).sum() for row in ran.inputs["x"]]


BOTH = pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])


@BOTH
def test_an_output_that_is_an_input_or_comes_twice(backend: str, tmp_path: Path) -> None:
    x, y, w = (value(name, FLOAT, [1, 4]) for name in "xyw")
    nodes = [helper.make_node("Mul", ["x", "w"], ["y"])]
    path = saved(tmp_path / "my.onnx", nodes, [x], [y, x, w, y], {"w": np.full((1, 4), 2, "f4")})
    ran = through(tmp_path, path, backend=backend)
    ran.same()
    np.testing.assert_array_equal(ran.outputs["x"], ran.inputs["x"])
    np.testing.assert_array_equal(ran.outputs["y"], 2 * ran.inputs["x"])
    assert (ran.outputs["w"] == 2).all()


def test_what_openvino_reads_and_onnxruntime_does_not_is_measured_uncompared(tmp_path: Path) -> None:
    nodes, newer = [helper.make_node("Add", ["x", "x"], ["y"])], capabilities.reads(99, 17)["limits"]["ir"] + 1
    ends = [value("x", FLOAT, [1, 4])], [value("y", FLOAT, [1, 4])]
    ran = through(tmp_path, saved(tmp_path / "my.onnx", nodes, *ends, ir=newer), backend="openvino")
    np.testing.assert_array_equal(ran.outputs["y"], 2 * ran.inputs["x"])
    assert ran.reference == {}
    (said,) = json.loads((tmp_path / "data" / "meta.json").read_text())["warnings"]
    assert said.startswith("not compared with the float model: onnxruntime, which would run it, can't load it: ")
    assert f"{newer}" in said


def test_a_graph_without_nodes(tmp_path: Path) -> None:
    x = value("x", FLOAT, [2])
    ran = through(tmp_path, saved(tmp_path / "my.onnx", [], [x], [x]))
    ran.same()


def test_a_scalar(tmp_path: Path) -> None:
    a, b, y = (value(name, FLOAT, []) for name in "aby")
    ran = through(tmp_path, saved(tmp_path / "my.onnx", [helper.make_node("Add", ["a", "b"], ["y"])], [a, b], [y]))
    ran.same()
    assert set(ran.repeats) == {"same_ns", "different_ns"}


@pytest.mark.parametrize("kind", ["RandomNormalLike", "Dropout"])
def test_a_random_operator_is_named_and_compared_with_nothing(kind: str, tmp_path: Path) -> None:
    weights: dict[str, Any] = {}
    if kind == "Dropout":
        weights = {"ratio": np.array(0.5, "f4"), "training": np.array(True)}
    nodes = [helper.make_node(kind, ["x", *weights], ["y"], name="odd")]
    path = saved(tmp_path / "my.onnx", nodes, [value("x", FLOAT, [1, 64])], [value("y", FLOAT, [1, 64])], weights)
    ran = through(tmp_path, path)
    assert f"outputs differ from run to run (odd ({kind}): random): they are compared with nothing" in ran.warnings
    assert ran.reference == {}


def test_an_axis_of_size_0(tmp_path: Path) -> None:
    past, x, y = value("past", FLOAT, [1, 0, 8]), value("x", FLOAT, [1, 2, 8]), value("y", FLOAT, [1, 2, 8])
    nodes = [helper.make_node("Concat", ["past", "x"], ["y"], axis=1)]
    ran = through(tmp_path, saved(tmp_path / "my.onnx", nodes, [past, x], [y]))
    ran.same()
    assert ran.inputs["past"].shape == (SAMPLES, 1, 0, 8)


def test_no_inputs_at_all(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["w", "w"], ["y"])]
    path = saved(tmp_path / "my.onnx", nodes, [], [value("y", FLOAT, [3])], {"w": np.ones(3, "f4")})
    ran = through(tmp_path, path)
    ran.same()
    assert ran.repeats == {"problem": "the inputs have no values that could be changed"}


def test_infinite_and_nan_by_right(tmp_path: Path) -> None:
    nodes = [helper.make_node("Log", ["x"], ["y"]), helper.make_node("Div", ["x", "zero"], ["z"])]
    outputs = [value("y", FLOAT, [1, 8]), value("z", FLOAT, [1, 8])]
    path = saved(tmp_path / "my.onnx", nodes, [value("x", FLOAT, [1, 8])], outputs, {"zero": np.zeros(1, "f4")})
    ran = through(tmp_path, path)
    ran.same()
    assert "output z has NaN or infinite values, as the model's own has" in ran.warnings


def test_infinite_where_the_models_own_outputs_are_not_known_is_said(tmp_path: Path) -> None:
    nodes, newer = [helper.make_node("Div", ["x", "zero"], ["y"])], capabilities.reads(99, 17)["limits"]["ir"] + 1
    ends = [value("x", FLOAT, [1, 4])], [value("y", FLOAT, [1, 4])]
    path = saved(tmp_path / "my.onnx", nodes, *ends, {"zero": np.zeros(1, "f4")}, ir=newer)
    ran = through(tmp_path, path, backend="openvino")
    assert "output y has NaN or infinite values; whether the model's own has them is not known" in ran.warnings


def test_a_sequence_as_input_is_none_of_openvinos(tmp_path: Path) -> None:
    x, y = (helper.make_tensor_sequence_value_info(name, FLOAT, [1, 4]) for name in "xy")
    path = saved(tmp_path / "my.onnx", [helper.make_node("Identity", ["x"], ["y"])], [x], [y])
    given = {"x/0": np.ones((SAMPLES + 4, 1, 4), "f4")}
    through(tmp_path / "onnxruntime", path, given).same()
    with pytest.raises(Unsupported, match="input x is of type sequence; OpenVINO takes tensors alone"):
        through(tmp_path / "openvino", path, given, backend="openvino")


def branches(path: Path) -> str:
    """A branch that the condition never takes, and whose matrix doesn't fit the sizes asked for."""

    def branch(name: str, weight: int) -> onnx.GraphProto:
        nodes = [helper.make_node("MatMul", ["x", name], [f"{name}_y"], name=f"multiply_{name}")]
        tensor = numpy_helper.from_array(np.ones((weight, 2), np.float32), name)
        return helper.make_graph(nodes, name, [], [value(f"{name}_y", FLOAT, None)], [tensor])

    nodes = [
        helper.make_node("Greater", ["rate", "limit"], ["high"]),
        helper.make_node("If", ["high"], ["y"], then_branch=branch("a", 4), else_branch=branch("b", 3)),
    ]
    inputs = [value("x", FLOAT, ["n", "size"]), value("rate", INT64, [])]
    return saved(path, nodes, inputs, [value("y", FLOAT, None)], {"limit": np.array(5)})


def test_a_branch_that_never_runs_need_not_fit(tmp_path: Path) -> None:
    given = {"x": np.ones((SAMPLES, 1, 4), "f4"), "rate": np.full(SAMPLES, 8)}
    ran = through(tmp_path, branches(tmp_path / "my.onnx"), given, x=[1, 4])
    ran.same()
    assert any(text.startswith("stored without the sizes of its inputs") for text in ran.warnings)


def test_a_branch_that_never_runs_does_not_stop_int8(tmp_path: Path) -> None:
    given = {"x": np.ones((20, 1, 4), "f4"), "rate": np.full(20, 8)}
    ran = through(tmp_path, branches(tmp_path / "my.onnx"), given, "int8", x=[1, 4])
    ran.same()
    assert "quantised without the sizes of its inputs: ONNX Runtime refuses the graph with them" in ran.warnings


def test_inputs_with_which_a_model_does_not_run_name_the_node(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"^The model doesn't run with its inputs at node multiply_b \(MatMul\)") as e:
        through(tmp_path, branches(tmp_path / "my.onnx"), x=[1, 4])
    assert "Whole numbers (rate) are random below data.integers_below" in e.value.next_step


@pytest.mark.parametrize("opset", [7, 9, 12])
def test_int8_for_older_opsets(opset: int, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    weights = {"k": draw.normal(size=(4, 2, 3, 3)).astype("f4"), "b": np.zeros(4, "f4")}
    nodes = [helper.make_node("Conv", ["x", "k", "b"], ["y"])]
    inputs = [value("x", FLOAT, [1, 2, 6, 6])]
    path = saved(tmp_path / "my.onnx", nodes, inputs, [value("y", FLOAT, [1, 4, 4, 4])], weights, opset, 6)
    ran = through(tmp_path, path, precision="int8")
    assert f"opset {opset} raised to 13, which int8 needs" in ran.warnings
    assert quality.fidelity(ran.outputs, ran.reference)[0]["sqnr_db"] > 10


@pytest.mark.parametrize("before", ["int8", "int8_dynamic"])
def test_a_file_that_was_quantised_before_is_quantised_again(before: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    weights, given = {"k": draw.normal(size=(8, 6)).astype("f4")}, {"x": draw.uniform(-1, 1, (40, 1, 8)).astype("f4")}
    nodes = [helper.make_node("MatMul", ["x", "k"], ["m"]), helper.make_node("Relu", ["m"], ["y"])]
    path = saved(tmp_path / "my.onnx", nodes, [value("x", FLOAT, [1, 8])], [value("y", FLOAT, [1, 6])], weights)
    through(tmp_path / "once", path, given, before)
    ran = through(tmp_path / "twice", str(tmp_path / "once" / "quantize" / "model.onnx"), given, "int8")
    assert quality.fidelity(ran.outputs, ran.reference)[0]["max_abs_error"] < 0.5 * ran.reference["y"].max()


def detector(path: Path) -> str:
    """Boxes of some hundreds and scores below 1, put together."""
    draw = np.random.default_rng(0)
    weights = {"b": 300 * draw.normal(size=(8, 6)).astype("f4"), "s": draw.normal(size=(8, 2)).astype("f4")}
    nodes = [
        helper.make_node("MatMul", ["x", "b"], ["boxes"]),
        helper.make_node("MatMul", ["x", "s"], ["raw"]),
        helper.make_node("Sigmoid", ["raw"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores"], ["y"], axis=1),
    ]
    return saved(path, nodes, [value("x", FLOAT, ["n", 8])], [value("y", FLOAT, ["n", 8])], weights)


def test_scores_that_int8_destroys_are_named_and_come_back_by_the_remedy(tmp_path: Path) -> None:
    path, given = detector(tmp_path / "my.onnx"), {"x": np.random.default_rng(1).normal(size=(60, 8)).astype("f4")}
    ran = through(tmp_path / "a", path, given, "int8", x=["batch", 8])
    lost = output_errors.output_error("y", ran.outputs["y"], ran.reference["y"])
    assert lost["constant"] == "columns 6-7 of y"
    kept = through(tmp_path / "b", path, given, "int8", ["Concat_3", "MatMul_0", "Sigmoid_2"], x=["batch", 8])
    assert output_errors.output_error("y", kept.outputs["y"], kept.reference["y"])["constant"] == ""


def test_a_node_to_leave_in_float_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"precision.exclude: the graph has no node Concat_9. Did you mean Concat_3?"):
        through(tmp_path, detector(tmp_path / "my.onnx"), None, "int8", ["Concat_9"], x=["batch", 8])


def test_initialisers_that_are_listed_as_inputs(tmp_path: Path) -> None:
    x, w, y = value("x", FLOAT, [1, 2]), value("w", FLOAT, [2, 2]), value("y", FLOAT, [1, 2])
    weights = {"w": np.eye(2, dtype="f4")}
    path = saved(tmp_path / "my.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], [x, w], [y], weights, 8, 3)
    ran = through(tmp_path, path)
    ran.same()
    assert set(ran.inputs) == {"x"}


def test_a_vendors_operator_that_onnx_runtime_has(tmp_path: Path) -> None:
    nodes = [helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")]
    x, y = value("x", FLOAT, [1, 4]), value("y", FLOAT, [1, 4])
    through(tmp_path, saved(tmp_path / "my.onnx", nodes, [x], [y], domain="com.microsoft")).same()


def test_an_operator_that_nobody_has_is_named(tmp_path: Path) -> None:
    nodes = [helper.make_node("Odd", ["x"], ["y"], name="the one", domain="acme")]
    x, y = value("x", FLOAT, [1, 4]), value("y", FLOAT, [1, 4])
    with pytest.raises(Unsupported, match=r"^onnxruntime can't load node the one \(acme\.Odd\): ") as error:
        through(tmp_path, saved(tmp_path / "my.onnx", nodes, [x], [y], domain="acme"))
    assert "damaged" not in str(error.value)


def test_text_in_and_out(tmp_path: Path) -> None:
    x, y = value("x", TensorProto.STRING, [2]), value("y", TensorProto.STRING, [2])
    path = saved(tmp_path / "my.onnx", [helper.make_node("Identity", ["x"], ["y"])], [x], [y])
    ran = through(tmp_path, path, {"x": np.array([["a", "b"], ["c", "dä"]])})
    assert ran.outputs["y"].tolist() == [["a", "b"], ["c", "dä"]]


@BOTH
@pytest.mark.parametrize("kind", ["BFLOAT16", "FLOAT8E4M3FN", "FLOAT16", "INT4", "UINT4"])
def test_types_that_numpy_lacks(kind: str, backend: str, tmp_path: Path) -> None:
    number = getattr(TensorProto, kind)
    clips = {"saturate": 0} if kind.startswith("FLOAT8") else {}  # no value is too large, and OpenVINO never clips
    back = helper.make_node("Cast", ["f"], ["y"], to=number, **clips)
    nodes = [helper.make_node("Cast", ["x"], ["f"], to=FLOAT), back]
    inputs, outputs = [value("x", number, [5])], [value("f", FLOAT, [5]), value("y", number, [5])]
    path = saved(tmp_path / "my.onnx", nodes, inputs, outputs, opset=21, ir=10)
    ran = through(tmp_path, path, backend=backend)
    ran.same()
    np.testing.assert_array_equal(ran.outputs["y"], ran.outputs["f"])


@pytest.mark.parametrize("kind", ["FLOAT4E2M1", "FLOAT8E8M0", "UINT2"])
def test_a_type_that_numpy_lacks_is_handed_on(kind: str, tmp_path: Path) -> None:
    x = value("x", getattr(TensorProto, kind), [2, 3])
    nodes = [helper.make_node("Relu", ["f"], ["y"])]
    path = saved(tmp_path / "my.onnx", nodes, [x, value("f", FLOAT, [2])], [x, value("y", FLOAT, [2])], opset=21, ir=10)
    ran = through(tmp_path, path)
    ran.same()
    assert ran.outputs["x"].shape[-2:] == (2, 3)


def test_sequences_and_maps_come_out_as_their_numbers(tmp_path: Path) -> None:
    kind = helper.make_sequence_type_proto(helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, [])))
    nodes = [
        helper.make_node("ZipMap", ["x"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[3, 4]),
        helper.make_node("SplitToSequence", ["x"], ["z"], axis=1),
    ]
    parts = helper.make_tensor_sequence_value_info("z", FLOAT, None)
    outputs = [helper.make_value_info("y", kind), parts]
    ran = through(
        tmp_path, saved(tmp_path / "my.onnx", nodes, [value("x", FLOAT, [1, 2])], outputs, domain="ai.onnx.ml")
    )
    ran.same()
    np.testing.assert_array_equal(ran.outputs["y"], ran.inputs["x"])
    np.testing.assert_array_equal(ran.outputs["z"].reshape(ran.inputs["x"].shape), ran.inputs["x"])


def test_the_domain_of_machine_learning_alone(tmp_path: Path) -> None:
    node = helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", offset=[1.0], scale=[2.0])
    graph = helper.make_graph([node], "scaler", [value("x", FLOAT, [1, 3])], [value("y", FLOAT, [1, 3])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx.ml", 1)], ir_version=6)
    onnx.save(model, tmp_path / "my.onnx")
    ran = through(tmp_path, str(tmp_path / "my.onnx"))
    ran.same()
    np.testing.assert_allclose(ran.outputs["y"], 2 * (ran.inputs["x"] - 1), rtol=1e-6)


def test_an_integer_input_that_steers_is_never_changed_to_what_does_not_run(tmp_path: Path) -> None:
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["r"]), helper.make_node("MatMul", ["r", "w"], ["y"])]
    inputs = [value("x", FLOAT, [6]), value("shape", INT64, [2])]
    path = saved(tmp_path / "my.onnx", nodes, inputs, [value("y", FLOAT, None)], {"w": np.ones((3, 2), "f4")})
    ran = through(tmp_path, path, {"x": np.ones((SAMPLES, 6), "f4"), "shape": np.array([[2, 3]] * SAMPLES)})
    ran.same()
    assert set(ran.repeats) == {"same_ns", "different_ns"}  # the floats alone were changed


def test_floats_that_say_a_size_are_never_changed(tmp_path: Path) -> None:
    nodes = [helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="nearest")]
    inputs = [value("x", FLOAT, [1, 1, 2, 4]), value("scales", FLOAT, [4])]
    path = saved(tmp_path / "my.onnx", nodes, inputs, [value("y", FLOAT, None)])
    given = {"x": np.ones((1, 1, 1, 2, 4), "f4"), "scales": np.array([[1, 1, 0.6, 0.6]], "f4")}
    ran = through(tmp_path, path, given, backend="openvino")  # with other scales its next run would end the process
    ran.same()
    assert set(ran.repeats) == {"same_ns", "different_ns"}


def test_every_kind_answers_as_a_bare_session(tmp_path: Path) -> None:
    nodes = [helper.make_node("TopK", ["x", "k"], ["v", "i"], axis=0)]
    outputs = [value("v", FLOAT, None), value("i", INT64, None)]
    path = saved(tmp_path / "my.onnx", nodes, [value("x", FLOAT, [9]), value("k", INT64, [1])], outputs)
    x = np.random.default_rng(0).normal(size=(1, 9)).astype("f4")
    ran = through(tmp_path, path, {"x": x, "k": np.array([[4]])})
    bare = ort.InferenceSession(path).run(None, {"x": x[0], "k": np.array([4])})
    for name, theirs in zip(("v", "i"), bare, strict=True):
        np.testing.assert_array_equal(ran.outputs[name][0], theirs)


def test_a_trees_text_labels_and_scores_by_label(tmp_path: Path) -> None:
    tree = helper.make_node(
        "TreeEnsembleClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml", name="tree",
        nodes_treeids=[0] * 3, nodes_nodeids=[0, 1, 2], nodes_featureids=[0] * 3, nodes_values=[0.0] * 3,
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        class_treeids=[0, 0], class_nodeids=[1, 2], class_ids=[0, 1], class_weights=[1.0, 1.0],
        classlabels_strings=["no", "yes"],
    )  # fmt: skip
    nodes = [
        tree,
        helper.make_node("ZipMap", ["scores"], ["by"], domain="ai.onnx.ml", classlabels_strings=["no", "yes"]),
    ]
    kind = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(FLOAT, []))
    outputs = [value("label", TensorProto.STRING, [1])]
    outputs.append(helper.make_value_info("by", helper.make_sequence_type_proto(kind)))
    path = saved(tmp_path / "my.onnx", nodes, [value("x", FLOAT, [1, 2])], outputs, domain="ai.onnx.ml")
    ran = through(tmp_path, path)
    bare = [ort.InferenceSession(path).run(None, {"x": x}) for x in ran.inputs["x"]]
    assert ran.outputs["label"].tolist() == [label.tolist() for label, _ in bare]
    np.testing.assert_array_equal(ran.outputs["by"][:, 0], [list(scores[0].values()) for _, scores in bare])
    ran = through(tmp_path / "int8", path, precision="int8")
    assert "precision=int8: the graph has no operator that ONNX Runtime's tools can change to it" in ran.warnings


def int8_inside(kind: int) -> tuple[list[onnx.NodeProto], dict[str, Any]]:
    """A product whose weights are whole numbers and a scale."""
    nodes = [
        helper.make_node("DequantizeLinear", ["w8", "scale"], ["w"], axis=1, name="weights"),
        helper.make_node("MatMul", ["x", "w"], ["y"], name="product"),
    ]
    draw = np.random.default_rng(0)
    weights = draw.integers(-8, 8, (16, 8)).astype(helper.tensor_dtype_to_np_dtype(kind))
    return nodes, {"w8": weights, "scale": draw.uniform(0.1, 0.5, 8).astype("f4")}


@BOTH
@pytest.mark.parametrize("kind", ["INT4", "INT8"])
def test_weights_that_are_whole_numbers_already(kind: str, backend: str, tmp_path: Path) -> None:
    nodes, weights = int8_inside(getattr(TensorProto, kind))
    inputs, outputs = [value("x", FLOAT, [1, 16])], [value("y", FLOAT, [1, 8])]
    ran = through(tmp_path, saved(tmp_path / "my.onnx", nodes, inputs, outputs, weights, 21, 10), backend=backend)
    # What it multiplies with is ONNX Runtime's choice: int8 as well, which is no fault of its optimiser.
    assert quality.fidelity(ran.outputs, ran.reference)[0]["max_abs_error"] < 0.05 * np.abs(ran.reference["y"]).max()


def test_float16_leaves_what_is_quantised_inside_as_it_is(tmp_path: Path) -> None:
    weights = {"s": np.float32(0.03), "z": np.int8(0), "w8": np.ones((16, 8), "i1"), "ws": np.float32(0.01)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("DequantizeLinear", ["w8", "ws", "z"], ["w"]),
        helper.make_node("MatMul", ["d", "w"], ["y"]),
    ]
    inputs, outputs = [value("x", FLOAT, [1, 16])], [value("y", FLOAT, [1, 8])]
    path = saved(tmp_path / "my.onnx", nodes, inputs, outputs, weights, opset=13)
    ran = through(tmp_path, path, precision="fp16")
    np.testing.assert_allclose(ran.outputs["y"], ran.reference["y"], atol=2e-2)


def test_float16_inputs_have_no_dynamic_int8(tmp_path: Path) -> None:
    half = TensorProto.FLOAT16
    path = saved(
        tmp_path / "my.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [value("x", half, [1, 4])],
        [value("y", half, [1, 2])],
        {"w": np.ones((4, 2), "f2")},
    )
    ran = through(tmp_path, path, precision="int8_dynamic")
    assert any(line.startswith("0 of 1 MatMul quantised") for line in ran.warnings)


def test_a_drawn_number_of_things_is_1_at_the_least(tmp_path: Path) -> None:
    nodes = [helper.make_node("TopK", ["x", "k"], ["v", "i"])]
    inputs, outputs = (
        [value("x", FLOAT, [9]), value("k", INT64, [1])],
        [value("v", FLOAT, None), value("i", INT64, None)],
    )
    ran = through(tmp_path, saved(tmp_path / "my.onnx", nodes, inputs, outputs))
    assert (ran.inputs["k"] == 1).all()
