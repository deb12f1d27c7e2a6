"""Ctrl-C and kills: nothing of ours is left running, what was finished is kept, the same command goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import psutil
import pytest

from tests import trained
from tests.conftest import QUICK, REPOSITORY

WORDS = ("model=gru", "model.hidden=4", "precision=fp32", "baseline=none", *QUICK)
LONG = (*WORDS, "train.epochs=3000", "train.patience=3000")
SECONDS, LONG_SECONDS = 60.0, 240.0  # for what ends soon, and for whole runs on a busy machine

pytestmark = pytest.mark.slow


class Running:
    """A command that runs, what it has said so far, and its workers."""

    def __init__(self, project: Path, *words: str, env: Mapping[str, str] = MappingProxyType({})) -> None:
        self.project = project
        self.process = subprocess.Popen(
            [sys.executable, "-m", "runner", *words],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background jobs ignore Ctrl-C, and so would what they start: these tests run there too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.said.extend(iter(self.process.stderr.readline, ""))

    def wait_for(self, text: str) -> None:
        until(lambda: any(text in line for line in [*self.said]), f"{text!r} was never said: {self.said}")

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def ended(self, seconds: float = SECONDS) -> int:
        code = self.process.wait(seconds)
        self._reader.join(SECONDS)
        return code


def until(holds: object, otherwise: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Running]:
    """A run in the middle of its training."""
    running = Running(tmp_path, *LONG)
    running.wait_for("train gru …")
    # The last epoch is written from time to time: once it is there, training has really begun.
    until(lambda: list(tmp_path.glob("artifacts/.scratch/train-*/*")), "training never began")
    yield running
    running.process.kill()
    running.process.wait()


def test_ctrl_c_ends_all_in_two_lines_and_the_same_command_goes_on(training: Running) -> None:
    workers = training.workers()
    assert len(workers) >= 1
    training.process.send_signal(signal.SIGINT)
    assert training.ended() == 130
    last = [line.rstrip() for line in training.said if not line.startswith(("project", "data", "train", "warning"))]
    assert last == ["error: Interrupted.", "What is finished is kept; the same command goes on from there."]
    until(lambda: not alive(workers), f"still running: {alive(workers)}")
    assert not list(training.project.glob("artifacts/train/*"))
    assert not list(training.project.glob("artifacts/train/.*"))

    again = Running(training.project, *LONG)
    again.wait_for("train gru …")
    assert "data co2: already there\n" in again.said
    again.process.kill()
    assert again.ended() == -signal.SIGKILL


def test_after_ctrl_c_the_command_finishes_from_what_is_there(tmp_path: Path) -> None:
    running = Running(tmp_path, *WORDS)
    running.wait_for("train gru: done")
    running.process.send_signal(signal.SIGINT)
    assert running.ended(LONG_SECONDS) in (130, 0)  # 0 where it was through before the signal came
    again = Running(tmp_path, *WORDS)
    assert again.ended(LONG_SECONDS) == 0, again.said
    assert not any(line.startswith("train gru …") for line in again.said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_a_killed_command_leaves_no_worker(training: Running, number: signal.Signals) -> None:
    workers = training.workers()
    assert len(workers) >= 1
    training.process.send_signal(number)
    assert training.ended() != 0
    until(lambda: not alive(workers), f"still running: {alive(workers)}")
    assert not any("Traceback" in line for line in training.said)


@pytest.mark.usefixtures("already_trained")
def test_ctrl_c_while_a_worker_measures(tmp_path: Path) -> None:
    running = Running(tmp_path, *WORDS[:-1], "measure.min_seconds=30", "measure.max_seconds=60")
    running.wait_for("measure gru fp32 onnxruntime …")
    time.sleep(1.0)
    workers = running.workers()
    running.process.send_signal(signal.SIGINT)
    assert running.ended() == 130, running.said
    until(lambda: not alive(workers), f"still running: {alive(workers)}")
    assert not list(tmp_path.glob("records/*"))
    assert not list(tmp_path.glob("records/.*"))


PAIRS = (*WORDS[:3], "baseline=self", *QUICK, "measure.max_pairs=6", "measure.min_pairs=6")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, trained_once: Path) -> tuple[Path, float]:
    """A project in which six pairs were measured, and how long they took."""
    project = tmp_path_factory.mktemp("measured")
    trained.place(trained_once, project)
    running = Running(project, *PAIRS)
    running.wait_for("measure gru fp32 onnxruntime …")
    start = time.monotonic()
    assert running.ended(LONG_SECONDS) == 0, running.said
    return project, time.monotonic() - start


def test_the_sampler_counts_no_process_of_the_next_pair(measured: tuple[Path, float]) -> None:
    (profile,) = measured[0].glob("records/2*/system_profile.txt")
    heads, *rows = [line.split() for line in profile.read_text().splitlines() if not line.startswith("#")]
    for role in ("candidate", "baseline"):
        counted = {row[heads.index(f"{role}_processes")] for row in rows} - {"-"}
        assert counted == {"1.000"}, role


@pytest.mark.parametrize("share", [0.2, 0.6])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_a_command_that_ends_among_its_pairs_leaves_no_process_and_a_record_or_nothing(
    measured: tuple[Path, float], number: signal.Signals, share: float
) -> None:
    """The next pair's processes run, or stand still, beside those that are timed."""
    project, seconds = measured
    before = set(project.glob("records/*"))
    running = Running(project, *PAIRS, "--fresh")
    running.wait_for("measure gru fp32 onnxruntime …")
    time.sleep(share * seconds)
    workers = running.workers()
    running.process.send_signal(number)
    assert running.ended() in (130, -number, 0), running.said  # 0 where it was through before the signal came
    until(lambda: not alive(workers), f"still running: {alive(workers)}")
    assert all((one / "record.json").is_file() for one in set(project.glob("records/*")) - before)
    assert not any("Traceback" in line for line in running.said)


IN_THE_FIRST_IMPORTS = """
import os, signal, sys
class Stop:
    def find_spec(self, name, *about):
        if name == "runner.core.errors":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Stop())
signal.signal(signal.SIGINT, {handler})
from runner.__main__ import command
sys.argv = ["edge-runner", "--version"]
sys.exit(command())
"""


@pytest.mark.parametrize(("handler", "code"), [("signal.default_int_handler", -signal.SIGINT), ("signal.SIG_IGN", 0)])
def test_ctrl_c_before_there_is_anything_to_tell_ends_in_silence(handler: str, code: int) -> None:
    """Ignored, it stays so: a shell's `&` starts a command like that."""
    words = [sys.executable, "-c", IN_THE_FIRST_IMPORTS.format(handler=handler)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (code, "")


SITE = """
import os, signal, sys
class Stop:
    def find_spec(self, name, *about):
        if name == "runner.core.process_start":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Stop())
signal.signal(signal.SIGINT, signal.default_int_handler)
"""


def test_ctrl_c_at_the_first_import_of_ours_ends_in_silence(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SITE)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(REPOSITORY)))}
    words = [sys.executable, "-m", "runner", "--version"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
