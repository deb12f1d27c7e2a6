"""Commands at once on one store share their work."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.results import records
from tests.chaos import state
from tests.chaos.command import at, left_running, start
from tests.chaos.test_kills import CELLS, SWEEP

pytestmark = pytest.mark.slow


def test_ten_at_once_on_one_plan_do_each_thing_once(tmp_path: Path) -> None:
    place = at(tmp_path)
    running = [start(place, *SWEEP, *CELLS, "--json") for _ in range(10)]
    assert [command.ended() for command in running] == [0] * 10, [command.err for command in running]
    assert set(state.begun(place).values()) == {1}
    kept = records.read_all(place.project)
    assert [state.faulty(record) for record in kept] == ["", "", ""]
    assert state.tracked(place) == {record.folder.name: 1 for record in kept}
    assert state.corrupt(place) == []
    assert left_running(place) == []


def test_two_sweeps_at_once_share_their_steps_and_measurements(tmp_path: Path) -> None:
    place = at(tmp_path)
    running = [
        start(place, *SWEEP, "precision=fp32", f"backend=onnxruntime,{other}") for other in ("openvino", "torch")
    ]
    assert [command.ended() for command in running] == [0, 0], [command.err for command in running]
    steps = {what: count for what, count in state.begun(place).items() if what.startswith("step")}
    assert set(steps.values()) == {1}
    assert len(records.read_all(place.project)) == 3  # what they share is measured once: whoever waited takes it over
    assert state.corrupt(place) == []
