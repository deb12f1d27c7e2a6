"""SIGKILL while TVM tunes: the same command goes on from the trials in the database, and tries none of them again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

pytest.importorskip("tvm", reason="apache-tvm is not installed here")

from runner.backends.tvm import RECORDS
from runner.results import records
from tests.chaos.command import SECONDS, Place, at, left_running, start
from tests.conftest import QUICK

pytestmark = pytest.mark.slow

TRIALS = 48
SPEC = ("backend=tvm", "model=gru", "model.hidden=4", "model.window=4", "train=smoke", "baseline=none", *QUICK)
TUNED = (*SPEC, f"backend.tuning.trials={TRIALS}", "telemetry.interval_ms=null")


def tried(place: Place, folder: str) -> list[str]:
    """The trials in the database below a folder of the store, each with its end."""
    found = [file.read_text() for file in (place.project / "artifacts").glob(f"{folder}/{RECORDS}")]
    return [line for text in found for line in text.splitlines(keepends=True) if line.endswith("\n")]


def test_a_killed_tuning_goes_on_from_its_trials(tmp_path: Path) -> None:
    place = at(tmp_path)
    running, deadline = start(place, *TUNED), time.monotonic() + SECONDS
    while len(tried(place, ".scratch/tune-*/database")) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.kill()
    running.ended()
    assert left_running(place) == []
    before = tried(place, ".scratch/tune-*/database")
    assert 4 <= len(before) < TRIALS

    again = start(place, *TUNED)
    assert again.ended() == 0, again.err
    after = tried(place, "tune/*")
    assert after[: len(before)] == before
    assert len(after) == TRIALS
    (made,) = (place.project / "artifacts/tune").glob("*/artifact.json")
    assert json.loads(made.read_text())["meta"]["trials"] == TRIALS
    (record,) = records.read_all(place.project)
    assert record.result.ran("candidate").settings["tuned"] is True
