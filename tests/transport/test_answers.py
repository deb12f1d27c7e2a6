"""What a worker or a device may say: whatever else comes is a failure that names what is wrong, within bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import OddAnswer, RunnerError, StepFailed, StepTimeout
from runner.transport import answers, worker_log
from runner.transport.answers import Odd
from runner.transport.local import Worker
from runner.worker import runtime_environment

LOADED = {
    "version": "1.2", "inputs": [{"name": "x", "shape": [None, "n", 4], "dtype": "float32"}], "outputs": [],
    "effective": {"threads": 1, "hints": {"a": [1, 2.5, None, True]}}, "memory": "host",
    "clock": "host", "import_seconds": 0.1, "load_seconds": 0,
}  # fmt: skip
BURST = {"ns": [5, 6], "start_ns": 7, "outputs_finite": True, "error": 0.5, "signal": 2.0, "values": 3}
CONDITIONS = {"monotonic_s": 1.5, "ours_s": 0.1, "absent": {"load_1m": "no file"}, "temperature_c": -3.0}


def test_what_our_own_workers_say_is_taken() -> None:
    answers.check("load", LOADED, {})
    answers.check("burst", BURST, {"iterations": 2})
    answers.check("warmup", {"iterations": 10, "seconds": 0.2}, {"iterations": 10, "seconds": 0.1})
    answers.check("repeats", {"same_ns": [4.0, 5], "different_ns": [4, 5.5]}, {"rounds": 2})
    answers.check("repeats", {"problem": "the inputs have no values that could be changed"}, {"rounds": 2})
    answers.check("call", CONDITIONS, {"module": "runner.measure.conditions", "function": "read"})
    answers.check(
        "call",
        runtime_environment.described(["numpy"]),
        {"module": "runner.worker.runtime_environment", "function": "described"},
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ns": [1] * 3}, "ns is list, no list of 2 times"),
        ({"ns": []}, "ns is list, no list of 2 times"),
        ({"ns": [1, -5]}, "ns holds what is no time in ns"),
        ({"ns": ["x", 1]}, "ns holds what is no time in ns"),
        ({"ns": [1, float("nan")]}, "ns holds what is no time in ns"),
        ({"ns": [1, True]}, "ns holds what is no time in ns"),
        ({"ns": [1, 10**30]}, "ns holds what is no time in ns"),
        ({"start_ns": -1}, "start_ns is -1, no whole number from 0 to"),
        ({"outputs_finite": "yes"}, "outputs_finite is 'yes', neither true nor false"),
        ({"error": float("nan")}, "error is nan, no number from 0 to"),
        ({"values": 0}, "values is 0, no whole number from 1 to"),
    ],
)
def test_a_burst_is_so_many_times_and_numbers(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Odd, match=said):
        answers.check("burst", {**BURST, **change}, {"iterations": 2})


def nested(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"effective": {"deep": nested(9)}}, "effective is more than 8 levels deep"),
        ({"effective": {"x": float("inf")}}, "effective holds inf, no number"),
        ({"effective": {"x": 10**400}}, "effective is 1000"),
        ({"effective": ["x"]}, "effective is list, no object"),
        ({"effective": {"x": "a" * 10_001}}, "effective is 'aaaa"),
        ({"version": 5}, "version is 5, no text"),
        ({"inputs": [{"name": "x", "shape": [-7], "dtype": "int8"}]}, r"inputs\[0\].shape\[0\] is -7"),
        ({"load_seconds": -1.0}, "load_seconds is -1.0, no number"),
    ],
)
def test_what_a_session_says_of_itself_is_bounded(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Odd, match=said):
        answers.check("load", {**LOADED, **change}, {})


def test_a_missing_name_is_told() -> None:
    with pytest.raises(Odd, match="it lacks peak_rss_mb"):
        answers.check("memory", {}, {})


def asked(module: str, function: str, **arguments: Any) -> dict[str, Any]:
    return {"module": module, "function": function, "arguments": arguments}


@pytest.mark.parametrize(
    ("request_", "answer", "said"),
    [
        (asked("runner.hardware.detect", "described"), {"cpu": "x"}, "it lacks machine"),
        (asked("runner.measure.conditions", "read"), {**CONDITIONS, "busy_s": "much"}, "busy_s is 'much'"),
        (
            asked("runner.measure.conditions", "read"),
            {**CONDITIONS, "processes": {"1": ["x", "y"]}},
            r"processes.'1' is 'y'",
        ),
        (asked("runner.worker.process", "lacking", modules=["numpy"]), ["numpy; rm -rf ~"], "which was not asked for"),
        (asked("os", "getpid"), "1", "it is '1', no whole number"),
    ],
)  # fmt: skip
def test_what_a_device_says_of_itself_is_checked(request_: dict[str, Any], answer: Any, said: str) -> None:
    with pytest.raises(Odd, match=said):
        answers.check("call", answer, request_)


def test_a_devices_identity_is_no_path() -> None:
    from runner.hardware import detect

    real = detect.described()
    answers.check("call", real, asked("runner.hardware.detect", "described"))
    with pytest.raises(Odd, match=r"identity is '\.\./\.\./\.\./\.\./idslip'"):
        answers.check("call", {**real, "identity": "../../../../idslip"}, asked("runner.hardware.detect", "described"))


# --- a process that says it ---

LIAR = """
import json, sys, time
def say(text):
    sys.stdout.write(text); sys.stdout.flush()
for line in sys.stdin:
    i = json.loads(line)["id"]
    {body}
"""
WORD = "A" * (1 << 20)


@contextmanager
def lying(
    folder: Path, body: str, carried: Callable[[int, str], int] | None = lambda code, do: code
) -> Iterator[Worker]:
    """A worker on a device that answers each request `i` by `body`."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", LIAR.format(body=body)]
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    with Worker(process, "the cell on ssh:pi", folder / "log", "none", None, *([carried] if carried else [])) as worker:
        yield worker


def refused(folder: Path, body: str, timeout: float = 60.0) -> RunnerError:
    with lying(folder, body) as worker, pytest.raises(RunnerError) as error:
        worker.ask("memory", timeout=timeout)
    assert not worker.alive or not isinstance(error.value, OddAnswer)
    return error.value


ERROR = 'say(json.dumps({"id": i, "error": %s}) + "\\n")'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('say("%%% not json\\n")', "it is no JSON: '%%% not json'"),
        ('sys.stdout.buffer.write(b"\\xff\\xfe\\n"); sys.stdout.buffer.flush()', "it is no JSON: "),
        ('say("[" * 100000 + "\\n")', "it is no JSON: "),
        ('say("[1, 2]\\n")', "it is list, no object"),
        ('say("{}\\n")', "it lacks id"),
        ('say(json.dumps({"id": i}) + "\\n")', "it has neither an answer nor an error in it"),
        ('say(json.dumps({"id": i + 1, "answer": 1}) + "\\n")', "it is to request 2, which was never asked"),
        ('say(json.dumps({"id": -1}) + "\\n")', "id is -1, no whole number"),
        ('say(json.dumps({"id": i, "answer": None}) + "\\n")', "it is None, no object"),
        ('say(json.dumps({"id": i, "answer": {"peak_rss_mb": "x"}}) + "\\n")', "peak_rss_mb is 'x', no number"),
        ('say(json.dumps({"id": i, "progress": {}}) + "\\n")', "progress lacks done"),
        (ERROR % "7", "error is 7, no object"),
        (ERROR % '{"status": "failed", "reason": 5}', "error.reason is 5, no text"),
    ],
)
def test_an_answer_that_cant_be_right_is_told_and_ends_the_worker(tmp_path: Path, body: str, said: str) -> None:
    error = refused(tmp_path, body)
    assert isinstance(error, OddAnswer)
    assert error.reason.startswith("the cell on ssh:pi: the device's answer to `memory` can't be right: ")
    assert said in error.reason
    assert error.reason.isprintable()


@pytest.mark.parametrize(
    "body",
    [
        f"while True: say('{'A' * 1000}' * 1000)",
        'while True: say(json.dumps({"id": i, "progress": {"done": 1, "total": 2, "note": "n" * 5000}}) + "\\n")',
    ],
)
def test_an_endless_answer_is_cut_off(tmp_path: Path, body: str) -> None:
    start = time.monotonic()
    error = refused(tmp_path, body)
    assert isinstance(error, OddAnswer)
    assert error.reason.endswith("it is endless.")
    assert time.monotonic() - start < 50  # long before the deadline of 60 s


def test_a_device_that_drips_is_late(tmp_path: Path) -> None:
    error = refused(tmp_path, 'while True: say(" "); time.sleep(0.01)', timeout=0.5)
    assert isinstance(error, StepTimeout)


def test_a_device_judges_no_spec_and_its_words_are_cut(tmp_path: Path) -> None:
    told = '{"status": "bad spec", "reason": "x" * 10**6, "next_step": "", "traceback": "t" * 10**6}'
    error = refused(tmp_path, ERROR % told)
    assert type(error) is StepFailed
    assert len(error.reason) < 2100


def test_what_is_printed_without_end_fills_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_log, "LARGEST", 100_000)
    answer = 'say(json.dumps({"id": i, "answer": {"peak_rss_mb": 1}}) + "\\n")'
    body = f'sys.stderr.write("E" * 3_000_000); sys.stderr.flush(); {answer}'
    with lying(tmp_path, body) as worker:
        worker.ask("memory", timeout=60)
    assert (tmp_path / "log").read_bytes() == b"E" * 100_000 + worker_log.CUT


def test_a_full_log_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_log, "LARGEST", 10)
    (tmp_path / "log").write_text("0123456789")
    read, write = os.pipe()
    os.write(write, b"new")
    os.close(write)
    worker_log.WorkerLog(os.fdopen(read, "rb"), tmp_path / "log").close()
    assert (tmp_path / "log").read_text() == "new"
