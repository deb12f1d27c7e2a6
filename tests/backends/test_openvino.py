import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import openvino
import pytest
from onnx import TensorProto, helper
from onnxruntime.transformers.float16 import convert_float_to_float16

from runner.backends.contract import Request
from runner.backends.openvino import BACKEND, devices, support, tuned_to
from runner.backends.openvino.compile import precisions
from runner.backends.openvino.session import added_us, configuration, open_profiled, open_session, precision
from runner.core.errors import SpecError, Unavailable, Unsupported
from runner.testing import models
from runner.testing.backend_contract import built
from tests.backends import test_others_graphs as others
from tests.backends.conftest import Case, Compiled, predicted, settings_of
from tests.backends.test_onnxruntime import changed_graph
from tests.models import onnx_files

CompileCase = Callable[..., Compiled]


@pytest.fixture(scope="module")
def compiled_conv(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return models.compiled(tmp_path_factory.mktemp("conv"), "openvino", cases["conv"])


@pytest.mark.parametrize(
    ("precision", "hint"), [("fp32", "f32"), ("fp16", "f16"), ("int8", "f32"), ("int8_dynamic", "f32")]
)
def test_the_inference_precision_is_always_said(precision: str, hint: str) -> None:
    settings = settings_of("openvino", threads=2, streams=None)
    assert configuration(settings, precision) == {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": 2}


def test_hint_streams_and_pinning_are_passed_on() -> None:
    found = configuration(settings_of("openvino", streams=2, hint="throughput", pinning=False), "fp32")
    assert (found["NUM_STREAMS"], found["PERFORMANCE_HINT"], found["ENABLE_CPU_PINNING"]) == (2, "THROUGHPUT", False)


def test_what_only_the_cpu_knows_is_not_for_a_gpu() -> None:
    gpu, both = (configuration(settings_of("openvino", device=one), "fp32") for one in ("GPU.1", "HETERO:GPU,CPU"))
    assert gpu == {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    assert both["DEVICE_PROPERTIES"] == {"CPU": {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}}


@pytest.mark.parametrize(
    ("device", "made_of"),
    [
        ("GPU.1", ["GPU.1"]),
        ("HETERO:GPU,CPU", ["GPU", "CPU"]),
        ("BATCH:GPU(4)", ["GPU"]),
        ("AUTO", []),
        ("AUTO:-CPU", []),
    ],
)
def test_a_device_is_made_of_others(device: str, made_of: list[str]) -> None:
    assert devices.parts(device) == made_of


def supported(device: str, missing: dict[str, str]) -> str | None:
    def nobody(module: str, function: str, **arguments: object) -> object:
        raise AssertionError("this machine is not asked")

    def there(module: str, function: str, **arguments: object) -> object:
        return {"here": ["CPU"], "missing": missing}

    return support(Request(built("openvino", device=device), "fp32", "gru", "forecast", 1, {}, nobody, there))


def test_a_device_that_the_machine_that_runs_the_model_lacks_is_unavailable() -> None:
    with pytest.raises(
        Unavailable, match=r"backend\.device=HETERO:GPU,CPU: OpenVINO finds no GPU there, only CPU: why"
    ):
        supported("HETERO:GPU,CPU", {"GPU": "why"})
    assert supported("GPU", {}) is None


def test_a_device_that_nobody_knows_is_a_slip() -> None:
    with pytest.raises(SpecError, match="Did you mean HETERO"):
        supported("HETREO:CPU", {})


def test_openvino_says_which_device_is_missing() -> None:
    found = devices.found("HETERO:GPU.77,CPU")
    assert "CPU" in found["here"]
    assert list(found["missing"]) == ["GPU.77"]
    assert found["missing"]["GPU.77"]


@pytest.mark.parametrize("device", ["AUTO:CPU", "HETERO:CPU"])
def test_a_device_that_is_made_of_others_hands_settings_on(compiled_conv: Compiled, device: str) -> None:
    session = open_session(str(compiled_conv.out), {**compiled_conv.settings, "device": device, "pinning": False})
    found = session.effective
    assert (found["threads"], found["streams"], found["inference_precision"], found["pinning"]) == (1, 1, "f32", False)


def test_an_ir_for_a_device_that_is_elsewhere_is_proven_by_the_cpu(cases: dict[str, Case], tmp_path: Path) -> None:
    elsewhere = {"proven_with": BACKEND.proof_settings, "device": "GPU.77"}
    compiled = models.compiled(tmp_path, "openvino", cases["conv"], **elsewhere)
    assert compiled.meta["warnings"] == ["proven by this machine's CPU: GPU.77 is on the device alone"]
    assert compiled.meta["effective"] == {}


def test_what_the_plug_in_made_can_be_stored(cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path) -> None:
    compiled = compile_case("openvino", cases["conv"], format="blob")
    assert [path.suffix for path in compiled.out.iterdir() if path.stem == "model"] == [".blob"]
    np.testing.assert_allclose(predicted(compiled, tmp_path), cases["conv"].expected, rtol=1e-3, atol=1e-4)
    about = {"isa": ("avx2",)}
    assert tuned_to(built("openvino", format="blob"), about) == about
    assert tuned_to(built("openvino"), about) is None


def test_bf16_is_computed_in_where_it_is_asked_for(cases: dict[str, Case], compile_case: CompileCase) -> None:
    meta = compile_case("openvino", cases["conv"], inference_precision="bf16").meta
    ran = meta["settings_effective"]["inference_precision"]
    assert ran == "bf16" or any("bf16 were asked for" in line for line in meta["warnings"])


def test_weights_in_float16_are_not_what_a_layer_computes_in(compiled_conv: Compiled, tmp_path: Path) -> None:
    model = openvino.Core().read_model(str(compiled_conv.out / "model.xml"))
    openvino.save_model(model, str(tmp_path / "made/model.xml"), compress_to_fp16=True)
    halved = Compiled(tmp_path / "made", compiled_conv.meta, compiled_conv.settings, compiled_conv.data)
    meta = models.built(tmp_path, "openvino", halved).meta
    assert meta["effective"]["Convolution"] == {"fp32": 1}
    assert meta["effective"]["FullyConnected"] == {"fp32": 1}


def test_a_quantised_layer_is_int8_in_the_profile_too(cases: dict[str, Case], compile_case: CompileCase) -> None:
    compiled = compile_case("openvino", cases["conv"], precision="int8")
    session = open_profiled(str(compiled.out), compiled.settings)
    bound = session.bind({"x": np.zeros((1, 3, 8, 8), np.float32)})
    found = {one["type"]: one["precision"] for one in session.profile(bound, 3)["layers"]}
    layers = ("Convolution", "FullyConnected")  # a CPU with AMX leaves so small a convolution in float32
    assert {kind: compiled.meta["effective"][kind] for kind in layers} == {kind: {found[kind]: 1} for kind in layers}
    assert "int8" in {found[kind] for kind in layers}


def test_it_runs_as_many_at_once_as_asked_else_as_openvino_likes(compiled_conv: Compiled) -> None:
    told = {"threads": 2, "streams": None, "hint": "throughput"}
    asked, liked = (
        open_session(str(compiled_conv.out), {**compiled_conv.settings, **told, "requests": one}) for one in (3, None)
    )
    assert asked.at_once == asked.effective["requests"] == 3
    assert liked.at_once == liked.effective["streams"] == 2


def test_inferences_at_once_write_to_memory_of_their_own(compiled_conv: Compiled) -> None:
    options = {**compiled_conv.settings, "threads": 2, "streams": 2}
    session = open_session(str(compiled_conv.out), options)
    random = np.random.default_rng(0)
    feeds = [{"x": random.standard_normal((1, 3, 8, 8)).astype(np.float32)} for _ in range(4)]
    for last in range(1, 5):
        (found,) = session.run_many([session.bind(feed) for feed in feeds[:last]])
        (alone,) = session.run(session.bind(feeds[last - 1]))
        np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-5)


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


def test_a_layer_says_which_nodes_were_fused_into_it_and_what_it_moves(
    cases: dict[str, Case], compile_case: CompileCase
) -> None:
    compiled = compile_case("openvino", cases["conv"])
    graph = onnx.load(cases["conv"].folder / "graph/model.onnx").graph
    session = open_profiled(str(compiled.out), compiled.settings)
    feed = {spec["name"]: np.zeros([1, *spec["shape"][1:]], spec["dtype"]) for spec in session.inputs}
    (layer,) = [one for one in session.profile(session.bind(feed), 3)["layers"] if one["type"] == "Convolution"]
    named = {name for node in graph.node for name in (node.name, *node.output)}
    (kernel,) = [one for one in graph.initializer if one.name == "kernel"]
    assert layer["precision"] == "fp32"
    assert set(layer["nodes"]) & named
    assert layer["bytes"] > 4 * math.prod(kernel.dims)


def test_a_branchs_precision_is_not_that_of_its_condition(tmp_path: Path) -> None:
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy"]
    ways = [
        helper.make_graph(
            [helper.make_node(op, ["x"], ["z"])],
            op,
            [],
            [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 4])],
        )
        for op in ("Exp", "Neg")
    ]
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["top"], keepdims=0),
        helper.make_node("Cast", ["top"], ["go"], to=TensorProto.BOOL),
        helper.make_node("If", ["go"], ["y"], then_branch=ways[0], else_branch=ways[1]),
    ]
    path = tmp_path / "branches.onnx"
    onnx_files.save(path, helper.make_graph(nodes, "g", ports[:1], ports[1:]))
    session = openvino.Core().compile_model(path, "CPU")
    assert precisions(SimpleNamespace(compiled=session))["If"] == {"a graph": 1}


@pytest.mark.parametrize(
    ("kind", "primitive", "computed_in"),
    [
        ("TensorIterator", "ref_any_i8", "a graph"),
        ("Eltwise", "jit_avx512_I8", "int8"),
        ("Convert", "jit_avx512_I8", "conversion"),
    ],
)
def test_a_loops_precision_is_not_that_of_its_condition_either(kind: str, primitive: str, computed_in: str) -> None:
    assert precision(kind, primitive) == computed_in
