"""SIGKILL at any point: nothing finished is lost, nothing is done twice, the same command again finishes the job."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from runner.results import records
from tests.chaos import state
from tests.chaos.command import Place, at, left_running, start
from tests.conftest import QUICK

pytestmark = pytest.mark.slow

# Three cells that share their data and training.
SWEEP = ("-m", "model=gru", "model.hidden=4", "baseline=none", *QUICK, "schedule=inline", "telemetry.interval_ms=null")
CELLS = ("precision=fp32", "backend=onnxruntime,openvino,torch")
POINTS = [
    ("rename:half", 2),
    ("rename:after", 1),
    ("lock:store", 2),
    ("rename:before", 2),
    ("lock:device", 1),
    ("record:half", 1),
    ("record:after", 1),
    ("upsert:create_run", 1),
    ("upsert:log_batch", 1),
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return at(tmp_path)


def killed(place: Place, point: str, nth: int) -> None:
    running = start(place, *SWEEP, *CELLS, kill_at=point, nth=nth)
    assert running.ended() == -signal.SIGKILL, (point, running.said)
    assert state.lines(place)[-1] == ["killed", point]
    assert left_running(place) == []
    assert state.corrupt(place) == []


def test_the_same_command_finishes_after_kills_at_every_point(place: Place) -> None:
    for point, nth in POINTS:
        killed(place, point, nth)
    last = start(place, *SWEEP, *CELLS)
    assert last.ended() == 0, last.err
    assert state.lost(place) == []
    assert state.done_again(place) == []
    kept = records.read_all(place.project)
    assert sorted(str(record.content["spec"]["backend"]["name"]) for record in kept) == [
        "onnxruntime",
        "openvino",
        "torch",
    ]
    assert [state.faulty(record) for record in kept] == ["", "", ""]
    assert state.tracked(place) == {record.folder.name: 1 for record in kept}
    assert state.runs(place) == 3
    assert [*state.pages(place).values()] == [1]

    before = state.lines(place)
    again = start(place, *SWEEP, *CELLS)
    assert again.ended() == 0, again.err
    assert state.lines(place) == before


def test_a_kill_at_any_moment_leaves_no_process(place: Place) -> None:
    for seconds in (1.0, 3.0, 5.0):
        running = start(place, *SWEEP[:-2], "schedule=local", *CELLS)
        time.sleep(seconds)
        running.kill()
        running.ended()
        assert left_running(place) == []
        assert state.corrupt(place) == []
