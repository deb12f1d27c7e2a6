"""Nothing that a worker started outlives it, nor the command, wherever it went."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.endpoints import keeper
from runner.endpoints.local import Worker
from runner.errors import StepTimeout
from tests.endpoints.test_local import ROOT, call, gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc/PID/environ")

KINDS = ("start_child", "start_session", "start_orphan")


@pytest.mark.parametrize("kind", KINDS)
def test_closing_a_worker_ends_what_it_started(worker: Worker, kind: str) -> None:
    child = call(worker, kind)
    assert not gone(child, 1)
    worker.close()
    assert gone(child)


@pytest.mark.parametrize("kind", KINDS)
def test_a_late_worker_takes_what_it_started_along(worker: Worker, kind: str) -> None:
    child = call(worker, kind)
    with pytest.raises(StepTimeout):
        call(worker, "sleep", timeout=0.1, seconds=600)
    assert gone(child)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_outlives_a_command_that_is_killed(tmp_path: Path, kind: str) -> None:
    code = (
        "from pathlib import Path; from runner.endpoints.local import open_worker\n"
        f"w = open_worker(Path({str(tmp_path / 'log')!r}), name='w')\n"
        f"child = w.ask('call', timeout=30, module='odd_code', function={kind!r})\n"
        "print(w.pid, child, flush=True)\n"
        "w.ask('call', timeout=600, module='odd_code', function='sleep', arguments={'seconds': 600})"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests/worker")])}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env) as command:
        assert command.stdout is not None
        pids = [int(word) for word in command.stdout.readline().split()]
        command.kill()
    assert [gone(pid) for pid in pids] == [True, True]


def test_a_kill_of_the_commands_whole_group_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from runner.endpoints.local import open_worker\n"
        f"w = open_worker(Path({str(tmp_path / 'log')!r}), name='w')\n"
        "print(w.pid, w.ask('call', timeout=30, module='odd_code', function='start_session'), flush=True)\n"
        "import os, signal; os.killpg(0, signal.SIGKILL)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests/worker")])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env, start_new_session=True, timeout=60)
    assert [gone(int(word)) for word in done.stdout.split()] == [True, True]


def test_another_workers_processes_are_left_alone() -> None:
    other = subprocess.Popen(["sleep", "60"], env={**os.environ, keeper.MARK: "1-ab.12"})
    try:
        keeper.kill_marked("1-ab.1")
        keeper.kill_marked("1-a")
        assert other.poll() is None
        keeper.kill_marked("1-ab.")
        assert other.wait(10) == -9
    finally:
        other.kill()
        other.wait()
