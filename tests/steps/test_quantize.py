from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from runner.core.errors import SpecError, Unsupported
from runner.data import arrays
from runner.graphs import float_reference, onnx_graph
from runner.steps import _quantizers
from tests.steps import chain


def quantize(base: Path, roles: dict[str, Path], precision: str, ops: tuple[str, ...] = (), **changed: Any) -> Any:
    settings = chain.values("precision", precision, **changed)
    job = {"precision": precision, "settings": settings, "dynamic_ops": list(ops)}
    meta = chain.do("quantize", job, {"model": roles["model"], "data": roles["data"]}, base)
    model = onnx.load(base / "quantize" / "model.onnx")
    onnx.checker.check_model(model)
    return meta, model


def error(roles: dict[str, Path], model: onnx.ModelProto) -> float:
    """Largest difference from the float model on the test split, in units of its standard deviation."""
    x = arrays.inputs_of(arrays.read(roles["data"], "test"))
    (y,) = float_reference.outputs(model, x).values()
    reference = np.load(roles["model"] / "reference.npz")["out/y"]
    return float(np.abs(y - reference).max() / reference.std())


def kinds(model: onnx.ModelProto) -> set[str]:
    return {node.op_type for node in model.graph.node}


def test_fp16_halves_everything_inside_and_keeps_float32_outside(exported: dict[str, Path], tmp_path: Path) -> None:
    meta, model = quantize(tmp_path, exported, "fp16")
    assert meta == {"precision": "fp16", "quantized": {"LSTM": [1, 1], "Gemm": [1, 1]}, "warnings": []}
    assert [onnx_graph.dtype(v) for v in (*model.graph.input, *model.graph.output)] == ["float32", "float32"]
    weights = [t for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT]
    assert weights == []
    assert 0 < error(exported, model) < 0.01


def test_static_int8_leaves_the_lstm_in_float_and_says_so(exported: dict[str, Path], tmp_path: Path) -> None:
    meta, model = quantize(tmp_path, exported, "int8")
    assert meta["quantized"] == {"LSTM": [0, 1], "Gemm": [1, 1]}
    assert meta["warnings"] == ["0 of 1 LSTM quantised (ONNX Runtime's static quantiser leaves it in float)"]
    assert {"LSTM", "QuantizeLinear", "DequantizeLinear"} <= kinds(model)
    assert 0 < error(exported, model) < 0.2


def test_dynamic_int8_quantises_the_lstm_where_the_target_has_a_kernel(
    exported: dict[str, Path], tmp_path: Path
) -> None:
    meta, model = quantize(tmp_path, exported, "int8_dynamic", ("LSTM", "MatMul"))
    assert meta == {"precision": "int8_dynamic", "quantized": {"LSTM": [1, 1], "Gemm": [1, 1]}, "warnings": []}
    assert {"DynamicQuantizeLSTM", "MatMulInteger"} <= kinds(model)
    assert 0 < error(exported, model) < 0.2


def test_dynamic_int8_touches_only_what_the_target_has_kernels_for(exported: dict[str, Path], tmp_path: Path) -> None:
    meta, model = quantize(tmp_path, exported, "int8_dynamic", ("MatMul",))
    assert meta["quantized"] == {"LSTM": [0, 1], "Gemm": [1, 1]}
    assert meta["warnings"] == ["0 of 1 LSTM quantised (the backend has no dynamic int8 kernel for it)"]
    assert "LSTM" in kinds(model)


def test_dynamic_int8_without_any_kernel_leaves_the_model_as_it_is(exported: dict[str, Path], tmp_path: Path) -> None:
    meta, model = quantize(tmp_path, exported, "int8_dynamic", ())
    assert meta["quantized"] == {"LSTM": [0, 1], "Gemm": [0, 1]}
    assert list(model.graph.initializer) == list(onnx.load(exported["model"] / "model.onnx").graph.initializer)
    assert error(exported, model) < 1e-5


def test_two_layers_are_counted_in_the_plural(tmp_path: Path) -> None:
    chosen, roles = chain.trained(tmp_path, "gru", layers=2)
    chain.do("export", {"model": chosen}, roles, tmp_path)
    meta, _ = quantize(tmp_path, {**roles, "model": tmp_path / "export"}, "int8_dynamic", ("MatMul",))
    assert meta["warnings"] == ["0 of 2 GRUs quantised (the backend has no dynamic int8 kernel for it)"]


@pytest.mark.parametrize("calibration", ["minmax", "entropy", "percentile"])
def test_each_way_of_calibrating_quantises_every_convolution(
    calibration: str, classifier: dict[str, Path], tmp_path: Path
) -> None:
    meta, _ = quantize(tmp_path, classifier, "int8", calibration=calibration, calibration_samples=8)
    assert meta["quantized"] == {"Conv": [27, 27], "Gemm": [1, 1]}
    assert meta["warnings"] == []


def test_ways_of_calibrating_choose_different_ranges(classifier: dict[str, Path], tmp_path: Path) -> None:
    scales = []
    for way in ("minmax", "percentile"):
        _, model = quantize(tmp_path / way, classifier, "int8", calibration=way, calibration_samples=8, percentile=90.0)
        (scale,) = [t for t in model.graph.initializer if t.name == "y_scale"]
        scales.append(float(onnx.numpy_helper.to_array(scale)))
    assert scales[1] < scales[0]


@pytest.mark.parametrize("per_channel", [True, False])
def test_per_channel_gives_each_output_channel_its_scale(
    per_channel: bool, classifier: dict[str, Path], tmp_path: Path
) -> None:
    _, model = quantize(tmp_path, classifier, "int8", per_channel=per_channel, calibration_samples=8)
    scales = {t.name: t.dims for t in model.graph.initializer if t.name.endswith("weight_scale")}
    assert scales
    assert all(bool(dims) == per_channel for dims in scales.values())


def test_calibration_uses_no_more_samples_than_asked(exported: dict[str, Path], tmp_path: Path) -> None:
    from runner.steps import _quantizers

    model = onnx.load(exported["model"] / "model.onnx")
    reader = _quantizers._reader(model, {"x": np.zeros((3, 8, 1), np.float32)})
    assert [feed["x"].shape for feed in iter(reader.get_next, None)] == [(1, 8, 1)] * 3


def test_an_unknown_precision_names_the_nearest(exported: dict[str, Path], tmp_path: Path) -> None:
    job = {"precision": "int8_dynamics", "settings": {}, "dynamic_ops": []}
    with pytest.raises(SpecError) as caught:
        chain.do("quantize", job, exported, tmp_path)
    assert caught.value.reason == "precision=int8_dynamics: no such precision. Did you mean int8_dynamic?"


def test_a_model_that_the_quantiser_refuses_is_named(exported: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "model"
    broken.mkdir()
    model = onnx.load(exported["model"] / "model.onnx")
    model.graph.node[-1].op_type = "NoSuchOp"
    onnx.save(model, broken / "model.onnx")
    with pytest.raises(Unsupported, match=r"^ONNX Runtime's quantiser can't do this model: "):
        quantize(tmp_path, {**exported, "model": broken}, "int8")


@pytest.mark.parametrize("outputs", [["x"], ["x", "y"], ["y", "x", "y"]])
def test_an_input_that_is_handed_on_stays_what_it_is_in_fp16(outputs: list[str]) -> None:
    made = _quantizers.fp16(relu_that_hands_on(outputs))
    assert [value.name for value in made.graph.output] == outputs
    x = np.float32([[1.0009765625, -2.0, 0.1]])
    answers = onnxruntime.InferenceSession(made.SerializeToString()).run(None, {"x": x})
    within = {"x": (x, 0), "y": (np.maximum(x, 0), 1e-3)}
    for name, answer in zip(outputs, answers, strict=True):
        np.testing.assert_allclose(answer, within[name][0], rtol=within[name][1])


def relu_that_hands_on(outputs: list[str]) -> onnx.ModelProto:
    """y = relu(x); its outputs are those named, x among them."""
    values = {name: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3]) for name in ("x", "y")}
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    made = helper.make_graph(nodes, "g", [values["x"]], [values[name] for name in outputs])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
