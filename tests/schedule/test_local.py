"""Steps side by side on this machine: made once, again where their Dask worker dies; nothing is left of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from runner.errors import RunnerError
from runner.plan import Node
from runner.schedule import local
from runner.schedule.settings import Settings
from runner.schedule.timeline import Timeline
from runner.schedule.wanted import Outcome
from runner.store import Artifact
from tests.schedule.told import LIMITS, Told, key, node

IDLE = ("Dask-Offload", "Dask-Callback")
TWO = Settings(address=None, workers=2, attempts=2)


def perform(
    todo: list[Node], project: Path, told: Told | Timeline, there: Mapping[str, Outcome] | None = None
) -> dict[str, Outcome]:
    return local.perform(todo, there or {}, project, LIMITS, told, TWO)


def processes() -> list[str]:
    """What this process has started and still runs; the keeper of its workers sleeps until it has ended."""
    every = [" ".join(one.cmdline()) for one in psutil.Process().children(recursive=True)]
    return [one for one in every if "keeper" not in one]


def text(outcome: Outcome) -> str:
    assert isinstance(outcome, Artifact), outcome
    return (outcome.folder / "text").read_text()


def executions(log: Path) -> Counter[str]:
    return Counter(line.split()[0] for line in log.read_text().splitlines())


def test_steps_run_at_the_same_time_each_after_its_inputs_and_nothing_is_left(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "meet"
    folder.mkdir()
    before = set(threading.enumerate())
    todo = [
        node("data"),
        node("export", "data", meet=str(folder), print="a vendor's words"),
        node("train", "data", meet=str(folder), warnings=["so so"]),
        node("compile", "export", "train"),
    ]
    told = Told()
    came = perform(todo, tmp_path, told)
    assert text(came[key("compile")]) == "".join(["data", "export", "data", "train", "compile"])
    assert Counter(told.ended) == Counter(
        (step, state) for step in ("data", "export", "train", "compile") for state in ("begins", "done")
    )
    assert told.warned == ["train train: so so"]
    assert len(told.updated) >= 1
    assert not processes()
    # Idle pools of Dask's sleep on; its event loops have ended.
    new = {thread.name for thread in threading.enumerate() if thread not in before}
    assert all(name.startswith(IDLE) for name in new), new
    assert capfd.readouterr() == ("", "")


def test_an_input_that_is_there_is_used_and_one_that_failed_is_not(tmp_path: Path) -> None:
    first = perform([node("data")], tmp_path, Told())
    told = Told()
    todo = [node("train", "data"), node("export", "train", fail="no such thing"), node("compile", "export")]
    came = perform(todo, tmp_path, told, first)
    assert text(came[key("train")]) == "datatrain"
    assert "no such thing" in str(came[key("export")])
    assert came[key("compile")].args == came[key("export")].args
    assert ("compile", "skipped") in told.ended


def test_a_step_whose_dask_worker_is_killed_is_begun_again_and_no_other(tmp_path: Path) -> None:
    log = tmp_path / "log"
    todo = [
        node("data", log=str(log)),
        node("train", "data", log=str(log), kill="parent"),
        node("export", "data", log=str(log)),
        node("compile", "train", "export", log=str(log)),
    ]
    told = Told()
    timeline = Timeline(told)
    came = perform(todo, tmp_path, timeline)
    assert text(came[key("compile")]).endswith("compile")
    assert executions(log) == {"data": 1, "train": 2, "export": 1, "compile": 1}
    assert told.warned == ["train train: its Dask worker died; it is begun again."]
    assert timeline.begun[todo[1].id] == 2
    assert not processes()


def test_a_step_that_kills_every_dask_worker_has_failed_and_the_others_go_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    todo = [node("train", kill="parent", again=True, log=str(log)), node("data"), node("export", "data")]
    came = perform(todo, tmp_path, Told())
    assert isinstance(came[key("train")], RunnerError)
    assert "the Dask workers that ran it died" in str(came[key("train")])
    assert executions(log)["train"] == TWO.attempts
    assert text(came[key("export")]) == "dataexport"


def test_a_step_whose_own_worker_is_killed_is_tried_once_more_and_says_so(tmp_path: Path) -> None:
    told = Told()
    came = perform([node("train", kill="worker"), node("data")], tmp_path, told)
    made = came[key("train")]
    assert isinstance(made, Artifact)
    assert made.content["retries"] == 1
    assert "It is tried once more." in told.warned[0]


def test_our_own_steps_share_a_worker_and_a_compile_has_its_own(tmp_path: Path) -> None:
    one = Settings(address=None, workers=1, attempts=1)
    todo = [node("data"), node("train", "data"), node("compile", "train")]
    came = local.perform(todo, {}, tmp_path, LIMITS, Told(), one)
    pids = {
        step: made.meta["pid"] for step in ("data", "train", "compile") if isinstance(made := came[key(step)], Artifact)
    }
    assert pids["data"] == pids["train"] != pids["compile"]
