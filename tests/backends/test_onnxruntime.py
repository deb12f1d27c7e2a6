from collections.abc import Callable
from pathlib import Path

import onnx
import onnxruntime
import pytest
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

from runner.backends.contract import Request
from runner.backends.onnxruntime import Settings, capabilities, provider, support, tuned_to
from runner.backends.worker_query import ask
from runner.core.errors import SpecError, Unavailable
from tests.backends.conftest import Case, Compiled

CompileCase = Callable[..., Compiled]


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


def supported(wanted: str) -> str | None:
    return support(Request(Settings(1, "all", "sequential", wanted), "fp32", "gru", "forecast", 1, {}, ask))


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
    assert capabilities.providers("CPUExecutionProvider")["starts"]
    # Without a GPU a build for CUDA offers its provider all the same, and then runs on the CPU.
    here = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    with pytest.raises(Unavailable, match="it can't start here"):
        provider.check("CUDAExecutionProvider", {"known": here, "here": here, "starts": False})


def test_only_full_optimisation_is_tuned_to_the_machine() -> None:
    full, extended = (Settings(1, level, "sequential", "CPUExecutionProvider") for level in ("all", "extended"))
    assert tuned_to(full, {"isa": ("avx2",)}) == {"isa": ("avx2",)}
    assert tuned_to(extended, {"isa": ("avx2",)}) is None
