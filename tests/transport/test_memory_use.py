"""The memory limit of a worker, and what is said of one that ran out of memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import StepFailed, Unavailable, WorkerLost
from runner.transport.local import open_worker
from runner.worker import memory_use
from runner.worker.memory_use import Kills
from tests.transport.conftest import ODD_CODE
from tests.transport.test_local import call, gone

ROOT = Path(__file__).parents[2]


def test_a_worker_that_holds_too_much_is_stopped_while_it_does(tmp_path: Path) -> None:
    with open_worker(tmp_path / "log", name="train gru", env=ODD_CODE, memory_mb=200) as worker:
        with pytest.raises(StepFailed, match=r"out of memory: train gru held \d+ MB in `call`") as error:
            call(worker, "hold", megabytes=400, seconds=60)
        assert error.value.reason.endswith("limits.memory_mb=200.")
        assert error.value.status == "failed"
        assert not isinstance(error.value, WorkerLost)
        assert gone(worker.pid)


def test_what_a_worker_started_counts(tmp_path: Path) -> None:
    with (
        open_worker(tmp_path / "log", name="t", env=ODD_CODE, memory_mb=200) as worker,
        pytest.raises(StepFailed, match="out of memory"),
    ):
        call(worker, "hold_in_a_child", megabytes=400, seconds=60)


def test_a_peak_between_two_looks_counts_once_the_answer_is_there(tmp_path: Path) -> None:
    with (
        open_worker(tmp_path / "log", name="t", env=ODD_CODE, memory_mb=200) as worker,
        pytest.raises(StepFailed, match="out of memory"),
    ):
        call(worker, "allocate_and_free", megabytes=400)


def test_a_worker_below_its_limit_goes_on(tmp_path: Path) -> None:
    with open_worker(tmp_path / "log", name="t", env=ODD_CODE, memory_mb=400) as worker:
        assert call(worker, "hold", megabytes=100, seconds=0.5) is None
        assert call(worker, "numbers", count=1) == [0]


def test_the_runner_wakes_up_for_what_is_prepared_and_sleeps_while_a_worker_is_timed(tmp_path: Path) -> None:
    with open_worker(tmp_path / "log", name="t", env=ODD_CODE, memory_mb=4000) as worker:
        assert worker._nap("step", worker._looked + 60) == memory_use.LOOK_SECONDS
        assert worker._nap("burst", worker._looked + 60) > 50


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("memory_error", "out of memory: MemoryError: Unable to allocate 74.5 GiB for an array"),
        ("torch_runs_out", "out of memory: RuntimeError: [enforce fail at alloc_cpu.cpp:"),
    ],
)
def test_an_allocation_that_fails_is_told_as_such(worker: Any, function: str, told: str) -> None:
    with pytest.raises(StepFailed) as error:
        call(worker, function)
    assert error.value.reason.startswith(told)
    assert "smaller" in error.value.next_step
    assert worker.alive


def test_a_bad_alloc_that_ends_the_worker_is_out_of_memory(worker: Any) -> None:
    with pytest.raises(StepFailed, match=r"^out of memory: the cell in `call`\..* what\(\):  std::bad_alloc") as error:
        call(worker, "bad_alloc")
    assert not isinstance(error.value, WorkerLost)


def test_an_abort_for_another_reason_is_not(worker: Any) -> None:
    with pytest.raises(StepFailed, match="killed by SIGABRT"):
        call(worker, "abort", last_words="assertion failed: rank == 4")


def test_a_kill_from_outside_is_no_word_of_memory(worker: Any) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerLost) as error:
        worker.ask("memory", timeout=30)
    assert "memory" not in error.value.reason.replace("`memory`", "")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (Kills(0, 5), Kills(0, 5), ""),
        (Kills(0, 5), Kills(1, 6), "known"),
        (Kills(0, 5), Kills(0, 6), "perhaps"),
        (Kills(None, 5), Kills(None, 5), ""),
        (Kills(None, None), Kills(None, None), "perhaps"),
    ],
)
def test_whether_a_killed_worker_ran_out_of_memory(before: Kills, after: Kills, said: str) -> None:
    assert memory_use.blame(before, after) == said


def test_the_kernels_counts_are_read(tmp_path: Path) -> None:
    group = tmp_path / "sys/fs/cgroup/user.slice"
    group.mkdir(parents=True)
    (group / "memory.events").write_text("low 0\nhigh 3\nmax 9\noom 2\noom_kill 2\noom_group_kill 0\n")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/user.slice\n")
    (tmp_path / "proc/vmstat").write_text("nr_free_pages 1\noom_kill 7\n")
    assert memory_use.kills(tmp_path) == Kills(2, 7)


def test_a_limit_that_nothing_can_watch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"limits\.memory_mb=500"):
        memory_use.check_watchable(500, tmp_path)
    memory_use.check_watchable(None, tmp_path)


GROUP = Path("/sys/fs/cgroup/memory")


@pytest.mark.skipif(not os.access(GROUP / "cgroup.procs", os.W_OK), reason="no control group (v1) of one's own here")
def test_a_worker_that_the_kernel_kills_for_memory(tmp_path: Path) -> None:
    group = GROUP / f"edge-runner-test-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text("300000000")
        code = (
            "import sys; from pathlib import Path; from runner.transport.local import open_worker\n"
            f"Path({str(group / 'cgroup.procs')!r}).write_text('0')\n"
            f"with open_worker(Path({str(tmp_path / 'log')!r}), name='train gru') as worker:\n"
            "    try:\n"
            "        worker.ask('call', timeout=60, module='odd_code', function='hold',"
            " arguments={'megabytes': 600, 'seconds': 60})\n"
            "    except Exception as error: print(type(error).__name__, error.reason)\n"
        )
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests/worker")])}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120)
        assert done.stdout == "StepFailed out of memory: the kernel killed train gru in `call`.\n", done.stderr
    finally:
        deadline = time.monotonic() + 10
        while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
            time.sleep(0.05)  # the keeper looks once more
        group.rmdir()
