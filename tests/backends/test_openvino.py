from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import openvino
import pytest
from onnx import TensorProto, helper
from onnxruntime.transformers.float16 import convert_float_to_float16

from runner.backends.openvino.session import added_us, configuration, open_profiled
from runner.core.errors import Unsupported
from tests.backends import test_others_graphs as others
from tests.backends.conftest import Case, Compiled, predicted
from tests.backends.test_onnxruntime import changed_graph

CompileCase = Callable[..., Compiled]


@pytest.mark.parametrize(
    ("precision", "hint"), [("fp32", "f32"), ("fp16", "f16"), ("int8", "f32"), ("int8_dynamic", "f32")]
)
def test_the_inference_precision_is_always_said(precision: str, hint: str) -> None:
    settings = {"threads": 2, "streams": None, "hint": "none"}
    assert configuration(settings, precision) == {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": 2}


def test_hint_and_streams_are_passed_on() -> None:
    found = configuration({"threads": 1, "streams": 2, "hint": "throughput"}, "fp32")
    assert (found["NUM_STREAMS"], found["PERFORMANCE_HINT"]) == (2, "THROUGHPUT")


def test_fp32_runs_in_f32_whatever_the_cpu_could_do(cases: dict[str, Case], compile_case: CompileCase) -> None:
    found = compile_case("openvino", cases["conv"]).meta["settings_effective"]
    assert (found["inference_precision"], found["threads"], found["streams"]) == ("f32", 1, 1)


def test_fp16_says_what_runs_in_its_place(cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path) -> None:
    def halve(old: Path, new: Path) -> None:
        onnx.save(convert_float_to_float16(onnx.load(old), keep_io_types=True), new)

    case = changed_graph(cases["conv"], tmp_path / "fp16", halve)
    compiled = compile_case("openvino", case, precision="fp16")
    found = compiled.meta["settings_effective"]["inference_precision"]
    has_f16 = "FP16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert (found == "f16") == has_f16
    told = [line for line in compiled.meta["warnings"] if f"runs in {found}" in line]
    assert bool(told) != has_f16
    # The names stay the model's, although OpenVINO gives the ports of dropped Casts other names as well.
    assert [spec["name"] for spec in compiled.meta["inputs"]] == ["x"]
    np.testing.assert_allclose(predicted(compiled, tmp_path), case.expected, rtol=0.1, atol=0.5)


def test_the_stored_weights_stay_float32(cases: dict[str, Case], compile_case: CompileCase) -> None:
    compiled = compile_case("openvino", cases["conv"])
    assert cases["conv"].weight.tobytes() in (compiled.out / "model.bin").read_bytes()


def test_operators_that_it_cant_convert_are_named(
    cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path
) -> None:
    def strange(old: Path, new: Path) -> None:
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 5]) for name in "xy"]
        graph = helper.make_graph([helper.make_node("Foo", ["x"], ["y"], domain="mine")], "g", values[:1], values[1:])
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), new)

    with pytest.raises(Unsupported, match=r"mine\.Foo"):
        compile_case("openvino", changed_graph(cases["conv"], tmp_path / "foo", strange))


def test_an_input_that_is_handed_on_keeps_its_name(tmp_path: Path) -> None:
    path = others.saved(
        tmp_path / "my.onnx",
        [helper.make_node("Dropout", ["x"], ["y"])],
        [others.value("x", TensorProto.FLOAT, [4])],
        [others.value("y", TensorProto.FLOAT, [4])],
    )
    others.through(tmp_path, path, backend="openvino").same()


@pytest.mark.parametrize(
    ("before", "after", "us"),
    [
        (5, 5, 5.0),
        (6, 5, 4.9),  # 10 runs of 6 and 110 of 5: the first ones were slower
        (0, 5, 5.5),
        (47, 0, 0.0),  # a mean that was cut to 0 knows nothing of the first runs
    ],
)
def test_a_layers_time_is_what_the_profiled_runs_added_to_the_plug_ins_mean(
    before: float, after: float, us: float
) -> None:
    assert added_us(before, 10, after, 100) == pytest.approx(us)


def test_a_layer_too_quick_for_the_profiler_is_listed_and_its_resolution_said(
    cases: dict[str, Case], compile_case: CompileCase
) -> None:
    compiled = compile_case("openvino", cases["conv"])
    session = open_profiled(str(compiled.out), compiled.settings)
    inputs = [np.zeros([1, *spec["shape"][1:]], spec["dtype"]) for spec in session.inputs]
    bound = session.bind({spec["name"]: array for spec, array in zip(session.inputs, inputs, strict=True)})
    slow, quick = (session.profile(bound, iterations) for iterations in (1, 2000))
    assert [one["name"] for one in slow["layers"]] == [one["name"] for one in quick["layers"]]
    assert min(one["ns"] for one in quick["layers"]) == 0.0
    assert (slow["resolution_ns"], quick["resolution_ns"]) == (3000.0, 2100.0)
