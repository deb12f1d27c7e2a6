from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

from runner.backends.contract import Request
from runner.backends.onnxruntime import BACKEND, Settings, entries, profiler, provider, support, tuned_to
from runner.backends.onnxruntime.session import open_profiled, open_session
from runner.backends.worker_query import ask
from runner.core.errors import Impossible, SpecError, Unavailable, Unsupported
from runner.testing import models
from runner.testing.backend_contract import built
from tests.backends.conftest import Case, Compiled, predicted

CompileCase = Callable[..., Compiled]


@pytest.fixture(scope="module")
def compiled_conv(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return models.compiled(tmp_path_factory.mktemp("conv"), "onnxruntime", cases["conv"])


def changed_graph(case: Case, folder: Path, change: Callable[[Path, Path], None]) -> Case:
    """`case` with another graph in its place."""
    for name in ("graph", "data"):
        (folder / name).mkdir(parents=True)
    for file in (case.folder / "data").iterdir():
        (folder / "data" / file.name).write_bytes(file.read_bytes())
    change(case.folder / "graph/model.onnx", folder / "graph/model.onnx")
    return Case(folder, case.expected, case.weight)


def test_the_graph_is_stored_as_it_runs(cases: dict[str, Case], compile_case: CompileCase) -> None:
    before = {node.op_type for node in onnx.load(cases["conv"].folder / "graph/model.onnx").graph.node}
    compiled = compile_case("onnxruntime", cases["conv"])
    model = onnx.load(compiled.out / "model.onnx", load_external_data=False)
    after = {node.op_type for node in model.graph.node}
    # The activation is part of the convolution, and what is loaded is not optimised once more.
    assert "Relu" in before
    assert "Relu" not in after
    assert set(compiled.meta["effective"]) == after
    assert compiled.meta["settings_effective"]["load_time_optimization"] == "ORT_DISABLE_ALL"


def test_no_optimisation_leaves_the_operators_alone(cases: dict[str, Case], compile_case: CompileCase) -> None:
    compiled = compile_case("onnxruntime", cases["conv"], graph_optimization="disabled")
    assert compiled.meta["effective"] == {op: {"fp32": 1} for op in ("Conv", "Flatten", "MatMul", "Relu")}


def test_parallel_execution_is_read_back(cases: dict[str, Case], compile_case: CompileCase) -> None:
    compiled = compile_case("onnxruntime", cases["conv"], execution_mode="parallel", threads=2)
    found = compiled.meta["settings_effective"]
    assert (found["execution_mode"], found["threads"], found["inter_op_threads"]) == ("ORT_PARALLEL", 2, 2)


def test_dynamic_int8_runs_an_lstm_in_int8(cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path) -> None:
    case = changed_graph(cases["bilstm"], tmp_path / "int8", lambda old, new: quantize_dynamic(old, new))
    meta = compile_case("onnxruntime", case, precision="int8_dynamic").meta
    assert meta["effective"]["DynamicQuantizeLSTM"] == {"int8": 1}
    assert meta["warnings"] == []


def test_float16_that_runs_in_float32_is_told(
    cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path
) -> None:
    def halve(old: Path, new: Path) -> None:
        onnx.save(convert_float_to_float16(onnx.load(old), keep_io_types=True), new)

    case = changed_graph(cases["bilstm"], tmp_path / "fp16", halve)
    meta = compile_case("onnxruntime", case, precision="fp16").meta
    assert meta["effective"]["LSTM"] == {"fp32": 1}
    assert "precision=fp16: 0 of 1 LSTM runs in fp16 (1 in fp32)" in meta["warnings"]


def test_a_provider_that_is_not_there_is_not_replaced(cases: dict[str, Case], compile_case: CompileCase) -> None:
    assert "CUDAExecutionProvider" not in onnxruntime.get_available_providers()
    with pytest.raises(Unavailable, match=r"backend\.provider=CUDAExecutionProvider") as error:
        compile_case("onnxruntime", cases["conv"], provider="CUDAExecutionProvider")
    assert "onnxruntime-gpu" in error.value.next_step


def settings(**changed: object) -> Settings:
    found: Settings = built("onnxruntime", **changed)
    return found


def nobody(module: str, function: str, **arguments: object) -> object:
    raise AssertionError("this machine is not asked")


def supported(wanted: str) -> str | None:
    return support(Request(settings(provider=wanted), "fp32", "gru", "forecast", 1, {}, nobody, ask))


def test_a_provider_that_is_not_there_is_noticed_before_any_work() -> None:
    with pytest.raises(Unavailable) as error:
        supported("CUDAExecutionProvider")
    assert error.value.reason.startswith("backend.provider=CUDAExecutionProvider: this onnxruntime offers ")
    assert "pip install onnxruntime-gpu" in error.value.next_step


def test_a_provider_that_nobody_knows_is_a_slip() -> None:
    with pytest.raises(SpecError, match="Did you mean CUDAExecutionProvider") as error:
        supported("CUDAExecutionProvdier")
    assert "CPUExecutionProvider" in error.value.next_step


def test_a_provider_that_is_there_is_started_to_see_whether_it_can() -> None:
    assert provider.found("CPUExecutionProvider")["starts"]
    # Without a GPU a build for CUDA offers its provider all the same, and then runs on the CPU.
    here = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    with pytest.raises(Unavailable, match="it can't start here"):
        provider.check("CUDAExecutionProvider", {"known": here, "here": here, "starts": False})


def test_the_machine_that_runs_the_model_is_asked_for_its_provider() -> None:
    def there(module: str, function: str, **arguments: object) -> object:
        return {"here": ["CUDAExecutionProvider"], "known": ["CUDAExecutionProvider"], "starts": True}

    wanted = settings(provider="CUDAExecutionProvider")
    assert support(Request(wanted, "fp32", "gru", "forecast", 1, {}, nobody, there)) is None


def test_a_provider_that_only_the_device_has_is_proven_by_this_machines_cpu(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    asked = {"provider": "CUDAExecutionProvider", "provider_options": {"device_id": 0}}
    compiled = models.compiled(tmp_path, "onnxruntime", cases["conv"], proven_with=BACKEND.proof_settings, **asked)
    assert "CUDAExecutionProvider is on the device alone" in compiled.meta["warnings"][0]
    assert compiled.meta["effective"] == {}
    # A graph that the CPU's layouts are in would be none for another provider.
    assert [node.op_type for node in onnx.load(compiled.out / "model.onnx").graph.node][:2] == ["Conv", "Relu"]


def test_a_provider_that_takes_no_operator_is_unsupported(cases: dict[str, Case], compile_case: CompileCase) -> None:
    assert "AzureExecutionProvider" in onnxruntime.get_available_providers()
    with pytest.raises(Unsupported, match="runs none of the model's operators") as error:
        compile_case("onnxruntime", cases["conv"], provider="AzureExecutionProvider")
    assert "Conv" in error.value.reason


@pytest.mark.parametrize("io", ["bind", "copy"])
def test_inputs_and_outputs_are_bound_or_copied(compiled_conv: Compiled, io: str) -> None:
    session = open_session(str(compiled_conv.out), {**compiled_conv.settings, "io": io})
    bound = session.bind({"x": np.ones((1, 3, 8, 8), np.float32)})
    first, again = session.run(bound)[0], session.run(bound)[0]
    assert session.effective["io"] == io
    assert np.shares_memory(first, again) == (io == "bind")


def test_text_is_copied_whatever_was_asked(tmp_path: Path) -> None:
    texts = [helper.make_tensor_value_info(name, TensorProto.STRING, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "text", texts[:1], texts[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    bound, copied = (open_session(str(tmp_path), models.settings_of("onnxruntime", io=io)) for io in ("bind", "copy"))
    assert (bound.effective["io"], copied.effective["io"]) == ("copy", "copy")
    assert bound.warnings == [
        "backend.io=bind: ONNX Runtime can't bind x (text): each run copies all inputs and outputs"
    ]
    assert copied.warnings == []


def test_spinning_and_arena_are_read_back(compiled_conv: Compiled) -> None:
    quiet = open_session(str(compiled_conv.out), {**compiled_conv.settings, "spinning": False, "arena": False})
    usual = open_session(str(compiled_conv.out), compiled_conv.settings)
    assert (quiet.effective["spinning"], quiet.effective["arena"]) == (False, False)
    assert (usual.effective["spinning"], usual.effective["arena"]) == (True, True)


def test_an_entry_of_the_session_changes_the_graph_that_is_stored(
    cases: dict[str, Case], compile_case: CompileCase
) -> None:
    entry = {"optimization.disable_specified_optimizers": "ConvActivationFusion"}
    meta = compile_case("onnxruntime", cases["conv"], graph_optimization="extended", session=entry).meta
    assert "Relu" in meta["effective"]
    assert meta["settings_effective"]["session"] == entry
    assert meta["warnings"] == []


def test_an_entry_that_this_version_does_not_know_is_told_and_taken(
    cases: dict[str, Case], compile_case: CompileCase
) -> None:
    meta = compile_case("onnxruntime", cases["conv"], session={"session.set_denormal_as_zeros": True}).meta
    (line,) = meta["warnings"]
    assert "knows no entry session.set_denormal_as_zeros" in line
    assert "Did you mean session.set_denormal_as_zero?" in line


@pytest.mark.parametrize("name", sorted(entries.OURS))
def test_an_entry_that_a_setting_says_is_said_by_that_setting(name: str) -> None:
    asked = Request(settings(session={name: "0"}), "fp32", "gru", "forecast", 1, {}, nobody, nobody)
    with pytest.raises(Impossible, match=entries.OURS[name]):
        support(asked)


def test_a_value_that_onnxruntime_refuses_is_told_with_its_words(
    cases: dict[str, Case], compile_case: CompileCase
) -> None:
    with pytest.raises(Unsupported, match="stoi"):
        compile_case("onnxruntime", cases["conv"], session={"session.graph_optimizations_loop_level": "many"})


def test_its_own_format_holds_the_optimised_graph(
    cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path
) -> None:
    compiled = compile_case("onnxruntime", cases["conv"], format="ort")
    assert (compiled.out / "model.ort").read_bytes()[4:8] == b"ORTM"
    assert not (compiled.out / "model.onnx").exists()
    assert "Relu" not in compiled.meta["effective"]
    np.testing.assert_allclose(predicted(compiled, tmp_path), cases["conv"].expected, rtol=1e-3, atol=1e-4)


def test_the_profile_names_the_nodes_of_the_stored_graph(cases: dict[str, Case], compile_case: CompileCase) -> None:
    compiled = compile_case("onnxruntime", cases["bilstm"])
    stored = {node.name: node.op_type for node in onnx.load(compiled.out / "model.onnx").graph.node}
    session = open_profiled(str(compiled.out), compiled.settings)
    feed = {spec["name"]: np.zeros(spec["shape"], np.float32) for spec in session.inputs}
    layers = session.profile(session.bind(feed), 3)["layers"]
    assert {one["name"]: one["type"] for one in layers} == stored
    assert all(one["nodes"] == [one["name"]] and one["outputs"] for one in layers)


def event(name: str, ts: int, dur: int, op: str = "", tid: int = 1) -> dict[str, Any]:
    """As ONNX Runtime's profiler writes one; a node's where it has an operator."""
    about = {"op_name": op, "provider": "CPUExecutionProvider", "input_type_shape": [{"float": [1, 4]}]}
    ended = {"output_type_shape": [{"float": [1, 4]}]}
    return {"name": f"{name}_kernel_time" if op else name, "ts": ts, "dur": dur, "tid": tid, "args": about | ended}


def test_a_branch_has_its_own_time_without_its_nodes_and_what_ran_before_counts_nowhere() -> None:
    run = [
        event("model_run", 100, 50),
        event("if", 101, 40, "If"), event("inner", 105, 30, "Conv"), event("deep", 110, 4, "Relu"),
        event("after", 142, 7, "Relu"),
    ]  # fmt: skip
    before = [event("model_run", 0, 90), event("if", 1, 80, "If"), event("inner", 2, 70, "Conv")]
    found = profiler.layers([*before, *run], 1)
    # `deep` lies in `inner`, which holds no graph: a profiler's clock is of whole microseconds.
    assert {one["name"]: one["ns"] for one in found["layers"]} == {
        "if": 6000.0, "inner": 30000.0, "deep": 4000.0, "after": 7000.0,
    }  # fmt: skip
    assert found["layers"][0]["outputs"] == [{"dtype": "float32", "shape": [1, 4]}]
    assert found["run_ns"] == 50000.0


def test_only_the_cpus_own_layout_is_tuned_to_the_machine() -> None:
    about = {"isa": ("avx2",)}
    tuned = {level: tuned_to(settings(graph_optimization=level), about) for level in ("all", "layout", "extended")}
    assert tuned == {"all": about, "layout": about, "extended": None}
    assert tuned_to(settings(provider="CUDAExecutionProvider"), about) is None
