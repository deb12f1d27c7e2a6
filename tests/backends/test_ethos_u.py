"""Ethos-U by the real converter, quantiser and Vela, in their toolchain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")

from runner.backends import loading
from runner.backends.ethos_u55.session import estimate
from runner.core import project_paths
from runner.core.errors import SpecError, StepFailed, Unsupported
from runner.core.setting_rules import build
from runner.testing import stages
from runner.transport import toolchains
from runner.transport.endpoint import WorkerOptions
from tests.backends import tflite_files
from tests.backends.conftest import Case, Compiled, settings_of

CompileCase = Callable[..., Compiled]
with_toolchain = pytest.mark.toolchain("litert")


def reckoned(compiled: Compiled) -> dict[str, Any]:
    return estimate(str(compiled.out), compiled.settings)


@with_toolchain
@pytest.mark.parametrize("name", ["ethos_u55", "ethos_u65", "ethos_u85"])
def test_a_whole_graph_on_the_npu_has_a_complete_estimate(
    name: str, cases: dict[str, Case], compile_case: CompileCase
) -> None:
    compiled = compile_case(name, cases["conv"], 1, "int8")
    found = reckoned(compiled)
    assert (compiled.meta["fallback"], compiled.meta["warnings"], found["incomplete"]) == ({}, [], "")
    assert compiled.meta["effective"]["CONV_2D"] == {"int8": 1}
    assert {port["dtype"] for port in compiled.meta["inputs"]} == {"int8"}
    assert found["source"].startswith(f"Vela 5.2.0 ({settings_of(name)['accelerator']}, ")
    assert found["metrics"]["latency/p50_ms"] > 0
    # What Vela says of all is what it says of each: the estimate's layers are its time.
    layers = sum(one["ns"] for one in found["layers"]) / 1e6
    assert layers == pytest.approx(found["metrics"]["latency/p50_ms"], rel=0.02)


@with_toolchain
def test_what_the_npu_leaves_to_the_cpu_has_fallen_back_and_leaves_the_estimate_incomplete(
    cases: dict[str, Case], compile_case: CompileCase
) -> None:
    compiled = compile_case("ethos_u55", cases["conv"], 1, "int8", io="float")
    assert compiled.meta["fallback"] == {"Quantize": 1, "Dequantize": 1}
    assert any(line.startswith("1 Quantize runs on the CPU (") for line in compiled.meta["warnings"])
    assert any("fell back: 1 Dequantize, 1 Quantize" in line for line in compiled.meta["warnings"])
    assert reckoned(compiled)["incomplete"].startswith("2 of ")


@with_toolchain
def test_a_faster_npu_needs_no_more_time(cases: dict[str, Case], compile_case: CompileCase) -> None:
    few, many = (
        reckoned(compile_case("ethos_u55", cases["conv"], 1, "int8", accelerator=f"ethos-u55-{macs}"))
        for macs in (32, 256)
    )
    assert many["metrics"]["npu/cycles"] < few["metrics"]["npu/cycles"]
    assert many["metrics"]["npu/macs"] == few["metrics"]["npu/macs"]


def compile_file(folder: Path, source: bytes) -> Any:
    """The last stage, on a file as the stages before it leave one."""
    for name in ("model", "out", "scratch"):
        (folder / name).mkdir()
    (folder / "model/model.tflite").write_bytes(source)
    asked = {"backend": "ethos_u55", "settings": settings_of("ethos_u55"), "batch": 1, "precision": "int8"}
    given: dict[str, Any] = {
        "inputs": {"model": folder / "model"},
        "out": folder / "out",
        "scratch": folder / "scratch",
    }
    with stages.last_worker(folder / "log", "ethos_u55") as worker:
        return worker.ask("step", timeout=120, module=stages.STEP, settings=asked, **given)


@with_toolchain
def test_floats_are_unsupported_with_velas_reason(tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "float.tflite", np.ones((2, 3), np.float32), [1, 3])
    with pytest.raises(Unsupported) as error:
        compile_file(tmp_path, (tmp_path / "float.tflite").read_bytes())
    assert error.value.reason.startswith("The NPU takes no operator of the model: 1 FullyConnected runs on the CPU (")
    assert "unsupported DataType Float32" in error.value.reason
    assert error.value.next_step == "Vela compiles integers alone: give it precision=int8, or a file that is int8."


@with_toolchain
@pytest.mark.parametrize(
    ("cut", "said"), [(0.4, "Vela was ended by SIGSEGV."), (0.0, "Vela can't compile the model: RuntimeError: ")]
)
def test_a_damaged_file_ends_vela_and_not_the_command(cut: float, said: str, tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "whole.tflite", np.ones((64, 64), np.float32), [1, 64])
    whole = (tmp_path / "whole.tflite").read_bytes()
    with pytest.raises(StepFailed) as error:
        compile_file(tmp_path, whole[: int(cut * len(whole))] or b"no flatbuffer at all")
    assert error.value.reason.startswith(said)


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        (
            "ethos_u85",
            {"system_config": "Ethos_U55_High_End_Embedded"},
            "backend.system_config=Ethos_U55_High_End_Embed",
        ),
        (
            "ethos_u55",
            {"memory_mode": "Dedicated_Sram"},
            "backend.memory_mode=Dedicated_Sram: not one of Sram_Only, Sh",
        ),
        ("ethos_u55", {"accelerator": "ethos-u65-256"}, "backend.accelerator=ethos-u65-256: not one of ethos-u55-32"),
        (
            "ethos_u65",
            {"system_config": "Ethos_U65_Embedded"},
            "backend.memory_mode=Dedicated_Sram_384KB: backend.system_config=Ethos_U65_Embedded has no DRAM for the "
            "arena, but flash.",
        ),
        (
            "ethos_u85",
            {"system_config": "Ethos_U85_SYS_Flash_Low"},
            "backend.memory_mode=Dedicated_Sram_384KB: backend.system_config=Ethos_U85_SYS_Flash_Low has no DRAM",
        ),
    ],
)
def test_settings_that_dont_belong_together_are_refused_for_vela_isnt_asked(
    name: str, changed: dict[str, str], said: str
) -> None:
    with pytest.raises(SpecError) as error:
        build(loading.backend(name).settings, settings_of(name, **changed), "backend")
    assert error.value.reason.startswith(said)


@pytest.mark.parametrize("system", ["Ethos_U65_Mid_End", "Ethos_U65_High_End", "Ethos_U65_Client_Server"])
def test_systems_with_dram_take_every_memory_mode(system: str) -> None:
    declared = loading.backend("ethos_u65")
    for mode in ("Sram_Only", "Shared_Sram", "Dedicated_Sram", "Dedicated_Sram_512KB"):
        build(declared.settings, settings_of("ethos_u65", system_config=system, memory_mode=mode), "backend")


def test_floats_are_refused_before_any_work_with_what_to_choose() -> None:
    said = "precision=fp32: Vela compiles integers alone: precision=int8"
    assert loading.backend("ethos_u55").refusal("fp32", 1) == said


# --- Arm's reference model ---


def checked(folder: Path, log: Path) -> Any:
    """What the toolchain `tosa` says of a compiled model."""
    project = project_paths.home(project_paths.root())
    endpoint, module = toolchains.endpoint(toolchains.installed(project, "tosa")), "runner.backends.ethos_u55.tosa"
    with endpoint.open_worker(log, WorkerOptions("tosa", modules=(module,))) as worker:
        return worker.ask("call", timeout=120, module=module, function="check", arguments={"folder": str(folder)})


@with_toolchain
@pytest.mark.toolchain("tosa")
def test_the_graph_agrees_with_arms_reference_model_and_another_one_doesnt(
    cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path
) -> None:
    compiled = compile_case("ethos_u55", cases["conv"], 1, "int8")
    both = "LiteRT's reference kernels and Arm's TOSA reference model on 3 drawn inputs"
    assert checked(compiled.out, tmp_path / "log") == {"status": "passed", "reason": f"{both}: bit for bit"}
    file = compiled.out / "reports/answers.npz"
    with np.load(file) as kept:
        answers = {name: kept[name] for name in kept.files}
    moved = answers["out/1/0"].astype(np.int64)
    answers["out/1/0"] = np.where(moved > 0, moved - 7, moved + 7).astype(np.int8)
    np.savez(file, **answers)
    said = f"{both}: 7 of the output's steps apart at most"
    assert checked(compiled.out, tmp_path / "log") == {"status": "failed", "reason": said}
