import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from runner.core.errors import StepFailed, StepTimeout, Unavailable, Unsupported
from runner.transport.local import Worker, WorkerTraceback, open_worker
from tests.transport.commands import killed, opening

ROOT = Path(__file__).parents[2]


def call(worker: Worker, function: str, timeout: float = 30, **arguments: Any) -> Any:
    return worker.ask("call", timeout=timeout, module="odd_code", function=function, arguments=arguments)


def gone(pid: int, looks: int = 100) -> bool:
    """Whether a process ended within some seconds; a zombie has ended."""
    for _ in range(looks):
        if state(pid) in ("gone", psutil.STATUS_ZOMBIE):
            return True
        time.sleep(0.1)
    return False


def state(pid: int) -> str:
    """Of a process, which may end while it is looked at."""
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return "gone"


def test_a_log_that_somebody_removed_hides_no_answer_and_no_end(worker: Worker) -> None:
    worker.log.unlink()
    assert call(worker, "numbers", count=1) == [0]
    with pytest.raises(StepFailed, match="SIGSEGV"):
        call(worker, "crash", last_words="never read")


def test_a_segfault_is_told_with_its_signal_the_request_and_the_last_words(worker: Worker) -> None:
    with pytest.raises(StepFailed) as error:
        call(worker, "crash", last_words="licence not found")
    assert "the cell: the worker was killed by SIGSEGV while it did `call`" in error.value.reason
    assert error.value.reason.endswith("Its last words: licence not found")
    assert str(worker.log) in error.value.next_step


@pytest.mark.parametrize(("code", "told"), [(0, "ended without an answer (exit code 0)"), (7, "with exit code 7")])
def test_an_exit_without_an_answer_is_a_failure(worker: Worker, code: int, told: str) -> None:
    with pytest.raises(StepFailed) as error:
        call(worker, "leave", code=code)
    assert told in error.value.reason


def test_a_request_to_a_dead_worker_is_a_failure(worker: Worker) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(StepFailed, match="SIGKILL"):
        worker.ask("memory", timeout=30)
    assert not worker.alive


def test_a_late_answer_ends_the_worker(worker: Worker) -> None:
    with pytest.raises(StepTimeout, match=r"`call` took longer than 0\.2 s"):
        call(worker, "sleep", timeout=0.2, seconds=600)
    assert not worker.alive


@pytest.mark.parametrize(
    ("function", "kind", "reason", "next_step"),
    [
        ("unavailable", Unavailable, "the SDK is not installed.", "Install it."),
        ("unsupported", Unsupported, "op Foo has no kernel.", "Use another op."),
        (
            "without_torch",
            Unavailable,
            "torch is not installed here: No module named 'torch'.",
            "pip install 'edge-runner[train]'",
        ),
    ],
)
def test_errors_that_a_user_can_mend_arrive_as_they_are(
    worker: Worker, function: str, kind: type[Exception], reason: str, next_step: str
) -> None:
    with pytest.raises(kind) as error:
        call(worker, function)
    assert (error.value.reason, error.value.next_step) == (reason, next_step)  # type: ignore[attr-defined]


def test_a_bug_arrives_in_one_line_with_its_traceback_as_the_cause(worker: Worker) -> None:
    with pytest.raises(StepFailed) as error:
        call(worker, "bug")
    assert error.value.reason == "the cell: ValueError: wrong (in `call`)"
    assert isinstance(error.value.__cause__, WorkerTraceback)
    assert "odd_code.py" in str(error.value.__cause__)


def test_a_library_that_calls_sys_exit_ends_its_request_and_not_the_worker(worker: Worker) -> None:
    with pytest.raises(StepFailed, match="SystemExit: the vendor's tool gave up"):
        call(worker, "sys_exit")
    assert call(worker, "numbers", count=1) == [0]


def test_an_answer_larger_than_a_pipe_arrives_whole(worker: Worker) -> None:
    assert call(worker, "numbers", count=200_000) == list(range(200_000))


def test_the_parent_sleeps_while_the_worker_works(worker: Worker) -> None:
    wall, cpu = time.perf_counter(), time.thread_time()
    call(worker, "sleep", seconds=1.0)
    assert time.thread_time() - cpu < 0.05 * (time.perf_counter() - wall)


def test_closing_a_busy_worker_ends_it_and_what_it_started(worker: Worker) -> None:
    child = call(worker, "start_child")
    with pytest.raises(StepTimeout):
        call(worker, "sleep", timeout=0.1, seconds=600)
    assert gone(worker.pid)
    assert gone(child)


def test_closing_an_idle_worker_ends_it_and_what_it_started(worker: Worker) -> None:
    child = call(worker, "start_child")
    worker.close()
    assert gone(worker.pid)
    assert gone(child)


def test_ctrl_c_is_not_the_workers_to_answer(worker: Worker) -> None:
    call(worker, "numbers", count=1)
    os.kill(worker.pid, signal.SIGINT)
    assert call(worker, "numbers", count=1) == [0]
    assert worker.log.read_text() == ""


def test_ctrl_c_in_the_terminal_does_not_reach_it(worker: Worker) -> None:
    assert os.getsid(worker.pid) != os.getsid(0)


def test_threads_are_told_to_the_libraries_that_read_them_at_import(tmp_path: Path) -> None:
    odd = {"PYTHONPATH": str(ROOT / "tests/worker")}
    with open_worker(tmp_path / "log", name="t", threads=3, env=odd) as worker:
        assert call(worker, "environment", name="OMP_NUM_THREADS") == "3"


def test_it_starts_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_worker(Path("log"), name="t") as worker:
        assert worker.ask("memory", timeout=30)["rss_mb"] > 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a busy process to its parent (prctl)")
def test_no_busy_worker_outlives_a_killed_runner(tmp_path: Path) -> None:
    command = opening(tmp_path, "w.ask('memory', timeout=30); print(w.pid, flush=True); ask('sleep', seconds=600)")
    assert gone(int(killed(command)))
