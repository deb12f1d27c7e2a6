"""A sweep that is interrupted or killed while its steps run side by side: nothing of ours is left running."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.conftest import QUICK
from tests.doors import listening
from tests.test_interrupt import Running, alive, until

# Two trainings that run at the same time, and would for minutes.
SWEEP = (
    "-m", "model=gru,lstm", "model.hidden=4", "precision=fp32", "baseline=none", "schedule.workers=2", *QUICK,
    "train.epochs=3000", "train.patience=3000",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda one: one.name)
def test_no_process_outlives_the_command(tmp_path: Path, number: signal.Signals) -> None:
    running = Running(tmp_path, *SWEEP)
    try:
        until(lambda: len(list(tmp_path.glob("artifacts/.scratch/train-*/*"))) >= 2, f"never began: {running.said}")
        workers = running.workers()
        assert sum("--name step" in " ".join(one.cmdline()) for one in workers) == 2
        assert listening(running.process.pid) == []
        running.process.send_signal(number)
        assert running.ended() == (130 if number == signal.SIGINT else -signal.SIGKILL)
        until(lambda: not alive(workers), f"still running: {alive(workers)}")
        assert not any("Traceback" in line for line in running.said)
    finally:
        running.process.kill()
        running.process.wait()
