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
def test_images_have_their_channels_last_as_the_npu_has_them(cases: dict[str, Case], compile_case: CompileCase) -> None:
    meta = compile_case("ethos_u55", cases["conv"], 1, "int8").meta
    assert [port["shape"] for port in meta["inputs"]] == [[1, 8, 8, 3]]


@with_toolchain
def test_a_faster_npu_needs_no_more_time(cases: dict[str, Case], compile_case: CompileCase) -> None:
    few, many = (
        reckoned(compile_case("ethos_u55", cases["conv"], 1, "int8", accelerator=f"ethos-u55-{macs}"))
        for macs in (32, 256)
    )
    assert many["metrics"]["npu/cycles"] < few["metrics"]["npu/cycles"]
    assert many["metrics"]["npu/macs"] == few["metrics"]["npu/macs"]


def compile_file(folder: Path, source: bytes, precision: str = "int8", **changed: Any) -> Any:
    """The last stage, on a file as the stages before it leave one, or as somebody else built it."""
    for name in ("model", "out", "scratch"):
        (folder / name).mkdir()
    (folder / "model/model.tflite").write_bytes(source)
    settings = settings_of("ethos_u55", **changed)
    asked = {"backend": "ethos_u55", "settings": settings, "batch": 1, "precision": precision}
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
        compile_file(tmp_path, (tmp_path / "float.tflite").read_bytes(), "as_built")
    assert error.value.reason.startswith("The NPU takes no operator of the model: 1 FullyConnected runs on the CPU (")
    assert "unsupported DataType Float32" in error.value.reason
    assert error.value.next_step == (
        "Vela compiles integers alone. Quantise the file to int8, or have it done: "
        "model=onnx model.path=my.onnx precision=int8"
    )


@with_toolchain
@pytest.mark.parametrize(
    ("cut", "said"), [(0.4, "Vela was ended by SIGSEGV."), (0.0, "Vela can't compile the model: ")]
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


# --- a vela.ini of the user's own ---

OWN = """
[System_Config.Mine]
core_clock=1e9
axi0_port=Sram
axi1_port=OffChipFlash
Sram_clock_scale=1.0
OffChipFlash_clock_scale=0.125

[Memory_Mode.Shared]
const_mem_area=Axi1
arena_mem_area=Axi0
cache_mem_area=Axi0

[Memory_Mode.Swapped]
const_mem_area=Axi1
arena_mem_area=Axi1
cache_mem_area=Axi0
"""


def own(folder: Path, text: str = OWN, **changed: str) -> dict[str, Any]:
    """The settings of ethos_u55 with a file of the user's that holds `text`."""
    (folder / "my.txt").write_text(text)
    named = {"config": str(folder / "my.txt"), "system_config": "Mine", "memory_mode": "Shared", **changed}
    return settings_of("ethos_u55", **named)


def files_of(settings: dict[str, Any]) -> tuple[str, ...]:
    declared = loading.backend("ethos_u55")
    return declared.files(build(declared.settings, settings, "backend"))


def test_names_out_of_the_users_own_file_are_taken_and_the_file_is_hashed(tmp_path: Path) -> None:
    assert files_of(own(tmp_path)) == (str(tmp_path / "my.txt"),)
    assert files_of(settings_of("ethos_u55")) == ()


@pytest.mark.parametrize(
    ("text", "changed", "said"),
    [
        (
            OWN,
            {"system_config": "Mime"},
            "backend.system_config=Mime: {} has no section [System_Config.Mime]. Did you mean Mine?\n"
            "It has: Mine. Name one, or add that section.",
        ),
        (
            OWN,
            {"memory_mode": "Sram_Only"},
            "backend.memory_mode=Sram_Only: {} has no section [Memory_Mode.Sram_Only].\n"
            "It has: Shared, Swapped. Name one, or add that section.",
        ),
        (
            "core_clock=1",
            {},
            "backend.config={}: Vela can't read it: File contains no section headers. file: '<string>', line: 1 "
            "'core_clock=1'\nWrite it as Vela's own vela.ini is: sections of key=value lines.",
        ),
    ],
)
def test_what_is_wrong_with_the_users_own_file_is_told_before_any_work(
    text: str, changed: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SpecError) as error:
        files_of(own(tmp_path, text, **changed))
    assert str(error.value) == said.format(tmp_path / "my.txt")


def test_a_file_of_the_users_own_that_isnt_there_is_named(tmp_path: Path) -> None:
    settings = own(tmp_path)
    (tmp_path / "my.txt").unlink()
    with pytest.raises(SpecError, match=r"backend\.config=.*my\.txt: no such file\."):
        files_of(settings)


@with_toolchain
def test_vela_reckons_by_the_users_own_file_and_the_source_says_so(tmp_path: Path) -> None:
    tflite_files.integers(tmp_path / "ints.tflite")
    settings = own(tmp_path)
    compile_file(tmp_path, (tmp_path / "ints.tflite").read_bytes(), **settings)
    found = estimate(str(tmp_path / "out"), settings)
    named = "ethos-u55-128, Mine, Shared, of my.txt, optimised for performance"
    assert found["source"] == f"Vela 5.2.0 ({named})"
    assert found["metrics"]["npu/cycles"] / found["metrics"]["latency/p50_ms"] == pytest.approx(1e6)  # of 1 GHz


@with_toolchain
def test_sections_that_vela_takes_apart_and_not_together_are_one_line(tmp_path: Path) -> None:
    tflite_files.integers(tmp_path / "ints.tflite")
    with pytest.raises(Unsupported) as error:
        compile_file(tmp_path, (tmp_path / "ints.tflite").read_bytes(), **own(tmp_path, memory_mode="Swapped"))
    assert error.value.reason == (
        "Vela takes no backend.system_config=Mine with backend.memory_mode=Swapped: "
        "Invalid configuration of arena_mem_area=OffChipFlash (must be Sram or Dram)."
    )


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
