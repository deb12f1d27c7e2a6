"""`backend.target`: for which machine TVM's code is made, and what is said where it can't be."""

from __future__ import annotations

import json
import os
import platform
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("tvm", reason="apache-tvm is not installed here")

import tvm

from runner.backends.contract import Request
from runner.backends.tvm import BACKEND, DEVICE, about, compile, cpus, cross, gpu, importer, schedule, source, targets
from runner.backends.tvm.session import open_session
from runner.core.advice import setting
from runner.core.errors import RunnerError, SpecError, Unavailable
from runner.core.setting_rules import build
from runner.hardware import detect
from runner.testing import models
from tests.backends.conftest import Case, Compiled

HERE = about(detect.described())
PI_5 = {"machine": "aarch64", "cpu": "Arm Cortex-A76", "isa": ["dotprod", "fp16", "neon"]}
UNKNOWN_ARM = {"machine": "aarch64", "cpu": "implementer 0x4e part 0x004", "isa": ["fp16", "neon"]}
HASWELL = {
    "machine": "x86_64",
    "cpu": "Intel(R) Core(TM) i7-4770",
    "isa": ["avx2", "avx", "f16c", "fma", "sse4_1", "sse4_2"],
}
JSON = '{"kind": "llvm", "mtriple": "aarch64-linux-gnu", "mcpu": "cortex-a72", "mattr": ["+dotprod"]}'
ORIN = '{"kind": "cuda", "arch": "sm_87"}'
ARM = {"kind": "llvm", "mtriple": "aarch64-linux-gnu"}


@pytest.mark.parametrize(
    ("word", "device", "target"),
    [
        (DEVICE, HERE, cpus.described(cpus.own(), platform.machine())),
        (DEVICE, PI_5, {**ARM, "mcpu": "cortex-a76"}),
        (DEVICE, UNKNOWN_ARM, {**ARM, "mcpu": "generic", "mattr": ["+fullfp16"]}),
        (DEVICE, HASWELL, cpus.described("x86-64-v3", "x86_64")),
        ("aarch64", HERE, {**ARM, "mcpu": "generic"}),
        ("cortex-a76", HERE, {**ARM, "mcpu": "cortex-a76"}),
        ("generic", PI_5, {**ARM, "mcpu": "generic"}),
        (JSON, HERE, {**ARM, "mcpu": "cortex-a72", "mattr": ["+dotprod"]}),
        ("raspberry-pi/4b-aarch64", HERE, {**ARM, "mcpu": "cortex-a72", "mattr": ["+neon"]}),
    ],
)
def test_a_word_names_a_target(word: str, device: dict[str, Any], target: dict[str, Any]) -> None:
    assert targets.chosen(word, device) == target


@pytest.mark.parametrize(
    ("word", "device", "said"),
    [
        ("sky-lake", HERE, "backend.target=sky-lake: neither LLVM nor TVM knows it. Did you mean skylake?"),
        ("diamondrapids", HERE, "backend.target=diamondrapids: the device's CPU"),
        ("neoverse-v1", PI_5, "neoverse-v1: the device's CPU (Arm Cortex-A76) has no bf16, i8mm, sve: it would end"),
        ("x86-64-v4", HASWELL, "has no avx512bw, avx512cd, avx512dq, avx512f: it would end with an illegal"),
        ('{"kind": "llvm", "mcpu": "cortex-a1"}', HERE, "LLVM knows no cortex-a1 of x86_64-linux-gnu"),
        (JSON.replace("dotprod", "foo"), HERE, "LLVM knows no +foo of aarch64-linux-gnu"),
        ('{"kind": "llvm", "width": 1}', HERE, "neither LLVM nor TVM knows it: "),
        ("opencl", HERE, "backend.target=opencl: it is of TVM's kind opencl, and this backend builds for its"),
    ],
)
def test_what_nobody_knows_or_the_device_can_t_run_is_refused(word: str, device: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as error:
        targets.checked(word, **device)
    assert said in error.value.reason
    assert error.value.next_step


@pytest.mark.parametrize(("word", "machine"), [("x86-64-v2", "x86_64"), ("neoverse-v1", "aarch64")])
def test_an_older_cpu_and_one_of_another_architecture_are_taken(word: str, machine: str) -> None:
    assert targets.checked(word, **HERE) == machine


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="an NVIDIA GPU may be here")
@pytest.mark.parametrize("word", ["cuda", "nvidia/jetson-orin-nano"])
def test_without_a_gpu_cuda_is_unavailable_and_falls_back_to_no_cpu(word: str) -> None:
    with pytest.raises(Unavailable) as error:
        targets.checked(word, **HERE)
    assert error.value.reason.startswith(f"backend.target={word}: no NVIDIA GPU is at hand")
    assert error.value.next_step == "Use backend.target=device"


@pytest.fixture
def orin(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this machine had the GPU of a Jetson Orin."""
    monkeypatch.setattr(gpu, "absent", lambda: "")
    monkeypatch.setattr(gpu, "architecture", lambda: "sm_87")


def test_a_gpu_that_is_here_is_built_for_with_its_host(orin: None) -> None:
    target = targets.chosen(ORIN, HERE)
    assert (target["kind"], target["arch"]) == ("cuda", "sm_87")
    assert target["host"] == cpus.described(cpus.own(), platform.machine())
    assert targets.checked(ORIN, **HERE) == platform.machine()


@pytest.mark.parametrize(
    ("word", "device", "trials", "said", "advice"),
    [
        ("cuda", HERE, 0, "cuda: it doesn't say for which GPU", "Here: " + setting("backend.target", ORIN)),
        (ORIN, PI_5, 0, "code for a GPU is built where the GPU is", "Run the command there."),
        (ORIN, HERE, 64, "backend.tuning.trials=64: kernels for a GPU", "Use backend.tuning.trials=0"),
    ],
)
def test_what_can_t_be_built_for_a_gpu_says_what_to_do(
    word: str, device: dict[str, Any], trials: int, said: str, advice: str, orin: None
) -> None:
    with pytest.raises(RunnerError) as error:
        targets.checked(word, **device, trials=trials)
    assert said in error.value.reason
    assert error.value.next_step == advice


def test_kernels_for_a_gpu_are_cuda_and_run_on_no_cpu(
    cases: dict[str, Case], orin: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, rows = onnx.load(cases["conv"].folder / "graph/model.onnx"), np.load(cases["conv"].folder / "data/test.npz")
    module = schedule.prepared(importer.module_of(model, {"x": rows["in/x"][:1].shape}), schedule.GPU)[0]
    built = compile._built(module, tvm.target.Target(targets.chosen(ORIN, HERE)), schedule.GPU, "")
    source.write(built, tmp_path)
    assert "__global__ void" in (tmp_path / "reports/model.s").read_text()
    built.export_library(str(tmp_path / "model.so"))
    (tmp_path / "signature.json").write_text(json.dumps({"inputs": [], "outputs": [], "built": {"gpu": "sm_87"}}))
    monkeypatch.setattr(gpu, "absent", lambda: "no NVIDIA GPU is at hand")
    with pytest.raises(Unavailable, match="tvm: the library is built for a GPU: no NVIDIA GPU is at hand"):
        open_session(str(tmp_path), {"threads": 1})


def supported(device: dict[str, Any], target: str, trials: int = 0, precision: str = "fp32") -> str | None:
    """What the backend says of a model for a device."""
    values = models.settings_of("tvm", target=target, tuning={"trials": trials, "budget_s": 300})
    settings: Any = build(BACKEND.settings, values, "backend")
    ask = lambda module, function, **about: targets.checked(**about)  # noqa: E731
    return BACKEND.support(Request(settings, precision, "gru", "forecast", 1, device, ask, ask))


def test_without_a_cross_compiler_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for device, target in ((PI_5, DEVICE), (HERE, "aarch64")):
        with pytest.raises(Unavailable) as error:
            supported(device, target)
        said = "no compiler for aarch64 (aarch64-linux-gnu-gcc) is here"
        assert error.value.reason == f"backend.target={target}: {said}."
        assert error.value.next_step == "Install it: sudo apt install gcc-aarch64-linux-gnu"
    assert supported(PI_5, DEVICE, precision="as_built") is None
    assert BACKEND.lacks() == (said, "Install it: sudo apt install gcc-aarch64-linux-gnu")


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were compilers for all machines."""
    monkeypatch.setattr(cross, "missing", lambda machine: None)


def test_a_target_of_another_architecture_than_the_device_s_is_unsupported(linked: None) -> None:
    assert supported(PI_5, DEVICE) is None
    assert supported(PI_5, "x86-64-v3") == "backend.target=x86-64-v3: that is x86_64, and the device is aarch64"


@pytest.mark.parametrize(
    ("device", "target"), [(HERE, DEVICE), (PI_5, DEVICE), (PI_5, "cortex-a72"), (HASWELL, "x86-64-v2")]
)
def test_trials_are_for_a_device_that_can_run_them(device: dict[str, Any], target: str, linked: None) -> None:
    assert supported(device, target, trials=64) is None


@pytest.mark.parametrize(
    ("device", "target", "said"),
    [
        (HERE, "aarch64", f"backend.target=aarch64: that is aarch64, and the device is {platform.machine()}"),
        (PI_5, "x86-64-v3", "backend.target=x86-64-v3: that is x86_64, and the device is aarch64"),
    ],
)
def test_trials_of_another_architecture_than_the_device_s_are_unsupported(
    device: dict[str, Any], target: str, said: str, linked: None
) -> None:
    assert supported(device, target, trials=64) == f"backend.tuning.trials=64: trials are timed on the device. {said}"


def test_what_is_tuned_is_for_one_kind_of_device_whatever_is_built_for() -> None:
    def tuned_to(target: str, trials: int, **device: Any) -> Any:
        values = models.settings_of("tvm", target=target, tuning={"trials": trials, "budget_s": 300})
        return BACKEND.tuned_to(build(BACKEND.settings, values, "backend"), {**PI_5, **device})

    assert tuned_to("aarch64", 0) == {"machine": "aarch64"}
    assert tuned_to("aarch64", 64) == {**PI_5, "board": None}
    assert tuned_to("aarch64", 64, board="Raspberry Pi 5") != tuned_to("aarch64", 64, board="Rock 5")


@pytest.fixture(scope="module")
def for_arm(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The convolution compiled for a Cortex-A76."""
    if problem := cross.missing("aarch64"):
        pytest.skip(str(problem))
    return models.compiled(tmp_path_factory.mktemp("arm"), "tvm", cases["conv"], proven=False, target="cortex-a76")


def test_a_library_for_aarch64_is_one(for_arm: Compiled) -> None:
    content = (for_arm.out / "model.so").read_bytes()
    assert content[:4] == b"\x7fELF"
    assert struct.unpack_from("<H", content, 18) == (183,)
    assert b"__tvm_ffi_fused_conv2d_relu\0" in content  # in its table of symbols
    assert "fmla" in (for_arm.out / "reports/model.s").read_text()
    said = "built for aarch64 (cortex-a76), which this machine can't run: not compared with the graph here"
    assert for_arm.meta["warnings"] == [said]
    assert for_arm.meta["max_abs_error_of_compilation"] is None


RUN = """
import sys, numpy
from runner.backends.tvm.session import open_session
session = open_session(sys.argv[1], {"threads": 1})
numpy.save(sys.argv[3], session.run(session.bind({"x": numpy.load(sys.argv[2])["in/x"][:1]}))[0])
"""


@pytest.mark.skipif("AARCH64_PYTHON" not in os.environ, reason="AARCH64_PYTHON names no Python of that machine")
def test_on_aarch64_the_library_gives_what_the_graph_gives(
    for_arm: Compiled, cases: dict[str, Case], tmp_path: Path
) -> None:
    """AARCH64_PYTHON: a command that starts a Python with numpy and apache-tvm there, or under qemu-user."""
    program = [os.environ["AARCH64_PYTHON"], "-c", RUN, for_arm.out, for_arm.data / "test.npz", tmp_path / "y.npy"]
    subprocess.run(program, check=True, cwd=Path(__file__).parents[2], timeout=300)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), cases["conv"].expected[:1], rtol=1e-3, atol=1e-4)


def test_this_machine_says_that_it_can_t_run_it(for_arm: Compiled, tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="it is built for aarch64, and this machine is"):
        open_session(str(for_arm.out), {"threads": 1})
