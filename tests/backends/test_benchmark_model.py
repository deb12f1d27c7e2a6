"""`benchmark_model`: what it prints becomes figures that are its own, of a run or of a file; a double prints it."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")

from runner.backends.litert import Settings, benchmark_model, tool
from runner.core.errors import SpecError, StepFailed, Unavailable, Unsupported
from runner.core.setting_rules import build
from runner.report.views import table
from runner.results import comparison, layers, records
from runner.results.formatting import verdict_line
from runner.results.record_schema import Imported
from tests import documents, sshd
from tests.backends import tflite_files
from tests.backends.conftest import settings_of
from tests.conftest import REPOSITORY, Command
from tests.doubles import benchmark_model as double

NEWEST = {
    "load/init_ms": 5.579,
    "latency/first_ms": 1357.602,
    "latency/warmup_mean_ms": 1357.6,
    "latency/mean_ms": 1240.27,
    "latency/p50_ms": 1239.807,
    "latency/p5_ms": 1238.753,
    "latency/p95_ms": 1247.415,
    "latency/min_ms": 1238.588,
    "latency/max_ms": 1252.566,
    "latency/std_ms": 2.565,
    "memory/init_delta_mb": 6.36328,
    "memory/delta_mb": 109.832,
}


def test_its_newest_text_has_percentiles_and_says_who_runs_how_much() -> None:
    found = benchmark_model.read(double.NEWEST.format(graph="/models/ssd.tflite"))
    assert found.figures == pytest.approx(NEWEST)
    assert found.delegated == [("TfLiteXNNPackDelegate", 2, 3)]
    assert (found.graph, found.unknown, found.operators) == ("/models/ssd.tflite", [], [])


def test_its_oldest_text_has_neither() -> None:
    assert benchmark_model.read(double.OLDEST).figures == pytest.approx(
        {
            "load/init_ms": 16.242,
            "latency/first_ms": 360.262,
            "latency/warmup_mean_ms": 304.586,
            "latency/mean_ms": 249.684,
            "latency/min_ms": 247.067,
            "latency/max_ms": 254.474,
            "latency/std_ms": 1.442,
            "memory/init_delta_mb": 4.92969,
            "memory/delta_mb": 138.809,
        }
    )


def test_its_profile_is_that_of_the_runs() -> None:
    found = benchmark_model.read(double.NEWEST.format(graph="m.tflite") + double.PROFILE)
    assert found.operators == [("[net/conv]:0", "CONV_2D", 60.957, 1), ("[net/softmax]:1", "SOFTMAX", 20.319, 1)]
    assert found.figures == pytest.approx(NEWEST)  # the profile's own count is none of them


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello\n", "it has no line `Inference timings in us"),
        ("x\nERROR: Failed to mmap model a.tflite\n", "ERROR: Fai"),
    ],
)
def test_a_text_without_times_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        benchmark_model.read(text)


# --- run in our place ---


def options(folder: Path, **changed: Any) -> dict[str, Any]:
    binary = str(double.install(folder))
    return settings_of("litert", **{"tool": "benchmark_model", "binary": binary, **changed})


def test_our_settings_are_its_flags_and_the_users_own_follow() -> None:
    asked = settings_of("litert", threads=2, xnnpack=False, delegate="/d.so", delegate_options={"device": "usb"})
    asked["flags"] = {"num_runs": 5, "enable_op_profiling": True}
    assert tool.flags(asked) == [
        "--num_threads=2",
        "--use_xnnpack=false",
        "--external_delegate_path=/d.so",
        "--external_delegate_options=device:usb",
        "--num_runs=5",
        "--enable_op_profiling=true",
    ]


def test_it_is_run_and_what_was_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").touch()
    asked = options(tmp_path, flags={"enable_op_profiling": True})
    found = tool.measured(str(tmp_path), asked)
    flags = "--graph=model.tflite --num_threads=1 --use_xnnpack=true --enable_op_profiling=true"
    assert found["facts"]["command"] == f"{asked['binary']} {flags}"
    assert found["facts"]["delegated to TfLiteXNNPackDelegate"] == "2 of 3 nodes"
    assert found["metrics"] == pytest.approx(NEWEST)
    assert [one["type"] for one in found["layers"]] == ["CONV_2D", "SOFTMAX"]


def test_a_flag_that_it_doesnt_know_is_no_silence(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").touch()
    with pytest.raises(Unsupported, match=r"backend.flags: .*benchmark_model doesn't know --use_npu=true\."):
        tool.measured(str(tmp_path), options(tmp_path, flags={"use_npu": True}))


def test_what_ends_it_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"benchmark_model ended with 1: ERROR: Benchmarking failed\."):
        tool.measured(str(tmp_path), options(tmp_path))


def test_what_is_no_program_of_that_machine_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").touch()
    with pytest.raises(Unavailable, match=r"backend.binary=/no/such: No such file or directory\."):
        tool.measured(str(tmp_path), options(tmp_path, binary="/no/such"))
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"\x7fELF of another machine")
    foreign.chmod(foreign.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(Unavailable, match=r"Exec format error"):
        tool.measured(str(tmp_path), options(tmp_path, binary=str(foreign)))


def test_a_program_that_prints_something_else_is_named(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"What /bin/echo printed can't be read: it has no line"):
        tool.measured(str(tmp_path), options(tmp_path, binary="/bin/echo"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tool": "benchmark_model"}, "backend.tool=benchmark_model: backend.binary is not the whole path"),
        (
            {"tool": "benchmark_model", "binary": "bin/b"},
            "backend.tool=benchmark_model: backend.binary is not the whole",
        ),
        ({"binary": "/b"}, "backend.binary and backend.flags are of a tool."),
        ({"flags": {"num_runs": 1}}, "backend.binary and backend.flags are of a tool."),
        (
            {"tool": "benchmark_model", "binary": "/b", "flags": {"num_threads": 4}},
            "backend.flags.num_threads: the runner sets that flag.",
        ),
    ],
)
def test_settings_that_dont_go_together_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as error:
        build(Settings, settings_of("litert", **changed), "backend")
    assert error.value.reason.startswith(said)


# --- as whole commands ---


def words(folder: Path) -> list[str]:
    tflite_files.dense(folder / "my.tflite", np.ones((2, 3), np.float32), [1, 3])
    binary = double.install(folder)
    asked = ["model=file", "model.path=my.tflite", "data.samples=4", "backend=litert", "backend.tool=benchmark_model"]
    return [*asked, f"backend.binary={binary}", "backend.flags.enable_op_profiling=true"]


def test_a_runs_figures_are_the_tools_own_and_compared_with_nothing(command: Command, tmp_path: Path) -> None:
    ended = command(*words(tmp_path), "profile=layers")
    assert ended.code == 0, ended.err
    assert "measured by benchmark_model, not by this tool: compared with nothing" in ended.out
    (kept,) = records.read_all(tmp_path)
    assert kept.result.metrics == pytest.approx({f"imported/{name}": value for name, value in NEWEST.items()})
    assert isinstance(kept.result.provenance, Imported) and not kept.result.measured
    assert kept.result.provenance.facts["command"].endswith("--enable_op_profiling=true")
    assert layers.read(kept.folder)["statistic"] == "mean"
    why = "backend=litert is measured by benchmark_model: no profiler of ours watches it."
    assert kept.result.unavailable["profile/layers"] == why
    assert "1240 (by benchmark_model)" in table.text(comparison.compare([kept]))


@sshd.needed
@pytest.mark.slow
def test_on_a_device_it_is_run_there(tmp_path: Path) -> None:
    home, place = tmp_path / "home", tmp_path / "sshd"
    home.mkdir()
    place.mkdir()
    with sshd.serving(place) as server:
        asked = [*words(home), *server.words()]
        path = {"PATH": server.path, "PYTHONPATH": str(REPOSITORY), "MLFLOW_DISABLE_TELEMETRY": "true"}
        done = subprocess.run(
            [sys.executable, "-m", "runner", *asked, "--json"],
            cwd=home,
            env={**os.environ, **path},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        record = json.loads(done.stdout)
    assert record["metrics"]["imported/latency/mean_ms"] == pytest.approx(1240.27)


# --- a text that somebody kept ---


def test_a_text_is_imported_with_the_machine_that_it_is_from(command: Command, tmp_path: Path) -> None:
    (tmp_path / "run.txt").write_text(double.NEWEST.format(graph="/data/local/tmp/ssd_mobilenet.tflite"))
    ((line,),) = documents.blocks("docs/backends/litert.md", "tests/backends/test_benchmark_model.py")
    ended = command(*shlex.split(line)[3:])
    assert ended.code == 0, ended.err
    (kept,) = records.read_all(tmp_path)
    assert kept.result.metrics["imported/latency/mean_ms"] == 1240.27
    assert {axis: one["name"] for axis, one in kept.result.spec.items()} == {
        "model": "ssd_mobilenet",
        "backend": "litert",
        "hardware": "pi5",
        "precision": "unknown",
    }
    assert verdict_line(kept.result) == "imported from benchmark_model: not measured here, compared with nothing"


def test_a_text_doesnt_say_where_it_is_from(command: Command, tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text(double.OLDEST)
    ended = command("import", "run.log", "--model", "yolo")
    assert ended.code == 2
    assert "run.log: benchmark_model's text doesn't name hardware." in ended.err
