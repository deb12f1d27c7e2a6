from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.support.restarting_worker import RestartingWorker
from runner.core.errors import StepFailed, StepTimeout, Unsupported
from tests.transport.test_local import ROOT


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RestartingWorker]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests/worker"))
    with RestartingWorker(tmp_path / "log", name="corpus") as opened:
        yield opened


def pid(worker: RestartingWorker) -> int:
    return int(worker.call("os", "getpid", timeout=30))


def test_a_crash_ends_one_task_and_the_next_has_a_fresh_process(worker: RestartingWorker) -> None:
    first = pid(worker)
    with pytest.raises(StepFailed, match="SIGSEGV"):
        worker.call("odd_code", "crash", timeout=30, last_words="ah")
    second = pid(worker)
    assert second != first
    assert pid(worker) == second


def test_an_error_ends_no_process_and_a_late_task_does(worker: RestartingWorker) -> None:
    first = pid(worker)
    with pytest.raises(Unsupported, match="op Foo"):
        worker.call("odd_code", "unsupported", timeout=30)
    assert pid(worker) == first
    with pytest.raises(StepTimeout):
        worker.call("odd_code", "sleep", timeout=0.2, seconds=600)
    assert pid(worker) != first
