"""A device over ssh that says what no device of ours does: one failure in words, soon, in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from runner.core import foreign_text
from runner.core.errors import OddAnswer, RunnerError, StepFailed, StepTimeout, Unavailable, Unsupported
from runner.planning import target
from runner.results import records
from runner.spec.hardware import Ssh as Settings
from runner.transport import reply, ssh_transfer
from runner.transport.ssh import Ssh
from runner.transport.ssh_connection import Address
from runner.transport.ssh_transfer import Delivery
from tests import liars

Refused = Callable[..., RunnerError]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refused:
    """What is raised where a device that does `arrival`, or `worker`, is asked what it is."""
    bin_ = liars.ssh(tmp_path / "ssh")
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")

    def ask(**code: str) -> RunnerError:
        device = Ssh(Address("pi"), liars.interpreter(tmp_path, **code))
        with pytest.raises(RunnerError) as error:
            device.hardware()
        device.close()
        assert len(error.value.reason) < 2500
        return error.value

    return ask


@pytest.mark.parametrize(
    ("arrival", "said"),
    [
        ('say("edge-runner:not json\\n")', "it is no JSON: 'not json'"),
        ('say("edge-runner:{}\\n")', "it lacks home"),
        ('say("edge-runner:[]\\n")', "it is list, no object"),
        ('say("edge-runner:" + "{" * 50000 + "\\n")', "it is no JSON: "),
        ('say(\'edge-runner:{"home": 5, "missing": 7}\\n\')', "home is 5, no text"),
        ("say('edge-runner:{\"error\": 7}\\n')", "error is 7, no text"),
        ('while True: say("A" * 65536)', "it is longer than 64000 bytes"),
        ('say("edge-runner:{}\\n")\n    while True: say("A" * 65536)', "it is longer than 0 bytes"),
        ('while True: say("E" * 65536, sys.stderr)', "it is longer than 1000000 bytes"),
    ],
)
def test_what_is_said_before_anything_is_there_is_checked(refused: Refused, arrival: str, said: str) -> None:
    start = time.monotonic()
    error = refused(arrival=arrival)
    assert isinstance(error, OddAnswer)
    assert error.reason.startswith(f"ssh:pi: the device's answer to `look` can't be right: {said}")
    assert time.monotonic() - start < ssh_transfer.ANSWER_SECONDS / 2


def test_a_device_that_never_answers_is_left(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_transfer, "ANSWER_SECONDS", 0.3)
    error = refused(arrival="time.sleep(1000)")
    assert isinstance(error, StepTimeout)
    assert "it took longer than 0.3 s to answer to `look`" in error.reason


def test_a_banner_before_an_answer_acts_on_no_terminal(refused: Refused) -> None:
    error = refused(arrival=f'say("\\x1b]0;pwn\\x07\\x1b[31mHELLO\\n"); {liars.THERE}')
    assert isinstance(error, Unavailable)
    assert "\\x1b[31mHELLO` before any command." in foreign_text.line(error.reason)


@pytest.mark.parametrize(
    ("arrival", "said"),
    [
        ('say("\\x1b[31mHELLO\\n")', r"is none of ours: '\x1b[31mHELLO\n'."),
        ("pass", "is none of ours: ''."),
        (
            'say("x" * 50000 + "\\nno more\\n", sys.stderr); sys.exit(3)',
            "ended with exit code 3, its last words: no more.",
        ),
    ],
)
def test_what_is_no_answer_at_all_is_no_answer_either(refused: Refused, arrival: str, said: str) -> None:
    error = refused(arrival=arrival)
    assert isinstance(error, OddAnswer)
    assert error.reason == f"ssh:pi: the device's answer to `look` can't be right: it {said}"


def test_who_said_an_error_is_told_and_its_advice_is_called_the_devices(refused: Refused) -> None:
    said = {"status": "failed", "reason": "=HYPERLINK(1)", "next_step": "rm -rf ~", "traceback": ""}
    error = refused(worker=f'say(json.dumps({{"id": i, "error": {said}}}) + "\\n")')
    assert type(error) is StepFailed
    assert error.reason == "observer on ssh:pi: =HYPERLINK(1) (in `call`)"
    assert error.next_step == "The device advises: rm -rf ~"


@pytest.mark.parametrize("status", ["unavailable", "bad spec", "failed", "no such status"])
def test_a_device_that_answers_is_there_whatever_it_calls_itself(refused: Refused, status: str) -> None:
    """A sweep forgives an unavailable cell: a device that fails must not excuse itself so."""
    said = {"status": status, "reason": "gone", "next_step": "", "traceback": ""}
    assert type(refused(worker=f'say(json.dumps({{"id": i, "error": {said}}}) + "\\n")')) is StepFailed


def test_what_a_device_can_not_do_is_its_own_word_and_said_to_be(refused: Refused) -> None:
    said = {"status": "unsupported", "reason": "no such operator", "next_step": "", "traceback": ""}
    error = refused(worker=f'say(json.dumps({{"id": i, "error": {said}}}) + "\\n")')
    assert type(error) is Unsupported
    assert error.reason == "observer on ssh:pi: no such operator (in `call`)"


def test_what_is_asked_of_a_worker_is_checked(refused: Refused) -> None:
    error = refused(worker='say("%%% not json\\n")')
    assert isinstance(error, OddAnswer)
    assert error.reason.startswith("observer on ssh:pi: the device's answer to `call` can't be right: it is no JSON")


@pytest.mark.parametrize(
    "arrival", ['say("edge-runner:[]\\n")', 'say(\'edge-runner:{"error": "no"}\\n\')', "sys.exit(255)"]
)
def test_a_cell_on_such_a_device_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrival: str) -> None:
    monkeypatch.setenv("PATH", f"{liars.ssh(tmp_path / 'ssh')}{os.pathsep}{os.environ['PATH']}")
    python = liars.interpreter(tmp_path, arrival=arrival)
    found = target.target_of(Settings("liar", None, None, None, python))
    assert found.problem is not None
    assert found.problem.status == "failed"


def test_a_reply_is_kept_up_to_its_bounds(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        taken = reply.Reply(file, most=5)
        assert all(map(taken.take, (b"edge-", b'runner:{"a"', b": 1}\n12", b"345")))
        assert taken.head == b'edge-runner:{"a": 1}'
        assert not taken.take(b"6")
    assert (tmp_path / "file").read_bytes() == b"12345"
    assert taken.odd == "is longer than 5 bytes"


SHORT = (
    "measure=quick", "measure.min_pairs=1", "measure.max_pairs=1", "measure.budget_s=0", "data.samples=16",
    "data.calibration=16", "telemetry.interval_ms=null", "precision=fp32", "baseline=none",
    "limits.answer_s=60", "limits.step_s=60",  # whatever waits says so before the test's own time is over
)  # fmt: skip


@pytest.mark.slow
def test_a_sweep_goes_on_beside_devices_that_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{liars.ssh(tmp_path / 'ssh')}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # or it waits for whoever measures on another `pi`
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 8]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"])], "g", ports[:1], ports[1:])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "m.onnx")
    pythons = {
        liars.interpreter(tmp_path, worker='say("%%% not json\\n")'): "the device's answer to `call`",
        liars.proxy(tmp_path, "10**12"): "by its clock was done within",
        sys.executable: "",
    }
    words = [f"model.path={tmp_path}/m.onnx", "model.shapes={x:[batch,8]}", f"hardware.python={','.join(pythons)}"]
    command = [sys.executable, "-m", "runner", "-m", "model=onnx", *words, "hardware=ssh", "hardware.host=pi", *SHORT]
    (tmp_path / "project").mkdir()
    done = subprocess.run(command, cwd=tmp_path / "project", capture_output=True, text=True, timeout=300, check=False)
    assert "bug of the runner" not in done.stderr
    found = {one.content["spec"]["hardware"]["python"]: one.content for one in records.read_all(tmp_path / "project")}
    for python, said in pythons.items():
        assert found[python]["status"] == ("failed" if said else "ok"), found[python]["reason"]
        assert said in found[python]["reason"]


@pytest.mark.parametrize("name", ["../out", "/out", "a" * 300, "\x1b[31m", "\udcff", "artifact.json", "."], ids=ascii)
def test_a_folder_that_comes_back_has_names_for_files_of_a_step(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def packed(delivery: Delivery, there: str, here: Path, most: int, seconds: float) -> None:
        with tarfile.open(here, "w") as tar:
            tar.addfile(tarfile.TarInfo(name))

    monkeypatch.setattr(Delivery, "_fetched", packed)
    master: Any = SimpleNamespace(address=SimpleNamespace(name="ssh:pi"))
    (tmp_path / "here").mkdir()
    with pytest.raises(OddAnswer, match="it holds what is no folder of plain files") as error:
        Delivery(master, "python3").fetch_folder("there", tmp_path / "here", 1000)
    assert error.value.reason.isprintable()
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]
