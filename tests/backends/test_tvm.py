"""TVM from a graph to a library, and the session that runs it."""

from __future__ import annotations

import dataclasses
import platform
import shutil
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tvm", reason="apache-tvm is not installed here")

from runner.backends.compile_checks import TOLERANCE
from runner.backends.tvm import cpus, elf
from runner.backends.tvm.session import open_session
from runner.core.errors import RunnerError, StepFailed, Unsupported
from runner.testing import models
from runner.transport.local import open_worker
from tests.backends.conftest import Case, Compiled, predicted


@pytest.fixture(scope="module")
def conv(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The convolution, compiled once; tests copy what they change."""
    return models.compiled(tmp_path_factory.mktemp("conv"), "tvm", cases["conv"])


def test_it_says_for_which_cpu_it_is_built_and_how(conv: Compiled) -> None:
    effective = conv.meta["settings_effective"]
    built = {"machine": platform.machine(), "cpu": cpus.own(), "schedule": "generic", "tuned": False}
    assert effective == {"threads": 1, **built}


@pytest.mark.parametrize("changed", [{"schedule": "default"}, {"target": "x86-64-v2"}])
def test_each_schedule_and_cpu_gives_the_same_numbers(
    changed: dict[str, Any], cases: dict[str, Case], tmp_path: Path
) -> None:
    compiled = models.compiled(tmp_path, "tvm", cases["conv"], **changed)
    assert set(changed.values()) <= set(compiled.meta["settings_effective"].values())
    np.testing.assert_allclose(predicted(compiled, tmp_path), cases["conv"].expected, rtol=1e-3, atol=1e-4)


def test_fp16_runs_in_fp16(cases: dict[str, Case], tmp_path: Path) -> None:
    compiled = models.compiled(tmp_path, "tvm", cases["conv"], 1, "fp16")
    assert compiled.meta["effective"]["conv2d"] == {"fp16": 1}
    found, expected = predicted(compiled, tmp_path), cases["conv"].expected
    assert np.abs(found - expected).max() <= TOLERANCE["fp16"] * np.abs(expected).max()


def test_int8_says_that_its_arithmetic_stays_in_float(cases: dict[str, Case], tmp_path: Path) -> None:
    compiled = models.compiled(tmp_path, "tvm", cases["conv"], 1, "int8")
    assert "precision=int8: 0 of 1 Conv runs in int8 (1 in fp32)" in compiled.meta["warnings"]
    found, expected = predicted(compiled, tmp_path), cases["conv"].expected
    assert np.abs(found - expected).max() <= TOLERANCE["int8"] * np.abs(expected).max()


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((1, 3, 8, 9), np.float32), "shape[3] mismatch"),
        (np.zeros((3, 8, 8), np.float32), "ndim 4 but get 3"),
        (np.zeros((1, 3, 8, 8), np.float64), "dtype float32 but get float64"),
    ],
)
def test_other_sizes_and_types_than_it_is_built_for_are_refused(array: Any, said: str, conv: Compiled) -> None:
    session = open_session(str(conv.out), {"threads": 1})
    with pytest.raises(Unsupported) as error:
        session.run(session.bind({"x": array}))
    assert error.value.reason.startswith("tvm can't run the library with these inputs: ")
    assert said in error.value.reason


def test_two_sessions_at_once_give_what_one_gives(conv: Compiled) -> None:
    one, other = (open_session(str(conv.out), {"threads": 1}) for _ in range(2))
    x = np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32)
    first, second = one.run(one.bind({"x": x})), other.run(other.bind({"x": 2 * x}))
    assert (first[0] == one.run(one.bind({"x": x}))[0]).all()
    assert not (first[0] == second[0]).any()


def cut(content: bytes) -> bytes:
    return content[:-64]


def cut_in_half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def no_library(content: bytes) -> bytes:
    return b"not one"


def for_no_machine(content: bytes) -> bytes:
    return content[:18] + struct.pack("<H", 0xFFFF) + content[20:]


def for_aarch64(content: bytes) -> bytes:
    return content[:18] + struct.pack("<H", 183) + content[20:]


@pytest.fixture
def broken(conv: Compiled, tmp_path: Path) -> Compiled:
    """The convolution with a library of its own, to damage."""
    shutil.copytree(conv.out, tmp_path / "out")
    return dataclasses.replace(conv, out=tmp_path / "out")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "it is cut off"),
        (cut_in_half, "it is cut off"),
        (no_library, "it is no shared library"),
        (for_no_machine, "it is built for a machine that nobody knows"),
    ],
)
def test_a_damaged_library_is_named_and_ends_no_worker(
    damage: Any, said: str, conv: Compiled, broken: Compiled, tmp_path: Path
) -> None:
    library = broken.out / "model.so"
    library.write_bytes(damage(library.read_bytes()))
    with open_worker(tmp_path / "log", name="tvm") as worker:
        with pytest.raises(StepFailed, match=said) as error:
            models.load(worker, broken)
        assert str(broken.out) in error.value.reason
        assert models.load(worker, conv)["version"]


def test_a_library_for_another_machine_is_unsupported_and_says_where_it_runs(broken: Compiled) -> None:
    library = broken.out / "model.so"
    library.write_bytes(for_aarch64(library.read_bytes()))
    with pytest.raises(Unsupported) as error:
        open_session(str(broken.out), {"threads": 1})
    assert error.value.reason == f"tvm can't run {library}: it is built for aarch64, and this machine is x86_64."
    assert error.value.next_step.endswith("measured there with hardware=ssh hardware.host=NAME")


@pytest.mark.parametrize(("start", "said"), [(32, "it is cut off"), (0x300, "tvm can't load")])
def test_flipped_bits_in_header_or_symbols_are_named(start: int, said: str, broken: Compiled, tmp_path: Path) -> None:
    flip(broken.out / "model.so", start)
    with open_worker(tmp_path / "log", name="tvm") as worker, pytest.raises(StepFailed, match=said):
        models.load(worker, broken)


def test_flipped_bits_in_the_code_end_at_most_a_worker(broken: Compiled, conv: Compiled, tmp_path: Path) -> None:
    """What they do there nobody knows: a crash, an error, other numbers. The runner's own process lives."""
    flip(broken.out / "model.so", 0x3000)
    with open_worker(tmp_path / "log", name="tvm") as worker, suppress(RunnerError):
        models.load(worker, broken)
    with open_worker(tmp_path / "log", name="tvm") as worker:
        assert models.load(worker, conv)["version"]


def flip(library: Path, start: int) -> None:
    """Every second byte of 256 turned round."""
    content = bytearray(library.read_bytes())
    for place in range(start, start + 256, 2):
        content[place] ^= 0xFF
    library.write_bytes(bytes(content))


def test_a_whole_library_of_this_machine_is_taken(conv: Compiled) -> None:
    elf.check(conv.out / "model.so")


def test_a_profile_has_each_kernel_by_what_was_fused_in_it(conv: Compiled, tmp_path: Path) -> None:
    with open_worker(tmp_path / "log", name="tvm") as worker:
        found = models.profile(worker, conv, iterations=20)
    types = {layer["type"] for layer in found["layers"]}
    assert {"fused_conv2d_relu", "matmul"} <= types
    assert {layer["precision"] for layer in found["layers"]} == {"fp32"}
    assert sum(layer["ns"] for layer in found["layers"]) <= found["run_ns"]
