"""A store that is damaged, robbed or written by a clock that jumps; workers and servers that go away."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runner.results import records
from tests import trained
from tests.chaos import state
from tests.chaos.command import Place, Running, at, left_running, start
from tests.chaos.test_kills import SWEEP
from tests.mlflow_server import free_port, server

pytestmark = pytest.mark.slow

CELLS = ("precision=fp32", "backend=onnxruntime,torch")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return at(tmp_path)


@pytest.fixture
def place_trained(place: Place, trained_once: Path) -> None:
    trained.place(trained_once, place.project)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A sweep that is finished."""
    made = at(tmp_path_factory.mktemp("once"))
    finished(made)
    return made


@pytest.fixture
def swept(once: Place, tmp_path: Path) -> Place:
    """A copy of it."""
    made = Place(tmp_path / "project", tmp_path / "outside")
    for theirs, ours in ((once.project, made.project), (once.outside, made.outside)):
        shutil.copytree(theirs, ours, symlinks=True)
    return made


def finished(place: Place, *words: str, env: dict[str, str] | None = None) -> Running:
    running = start(place, *SWEEP, *CELLS, *words, env=env)
    assert running.ended() == 0, running.err
    return running


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def steps(place: Place) -> int:
    return sum(count for what, count in state.begun(place).items() if what.startswith("step"))


def test_a_corrupted_file_is_said_set_aside_and_made_again(swept: Place) -> None:
    before = steps(swept)
    file = next(swept.project.glob("artifacts/export/*/model.onnx"))
    times = file.stat()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    again = finished(swept, "--fresh")
    assert f"{file} was changed after it was written (its hash differs): set aside" in again.err
    assert steps(swept) == before + 1  # what was compiled from the sound one is sound
    assert state.corrupt(swept) == []


def test_a_removed_folder_is_made_again(swept: Place) -> None:
    before = steps(swept)
    shutil.rmtree(swept.project / "artifacts" / "data")
    shutil.rmtree(next(swept.project.glob("artifacts/compile/*")))
    finished(swept, "--fresh")
    assert steps(swept) == before + 2
    assert len(records.read_all(swept.project)) == 4


@pytest.mark.usefixtures("place_trained")
def test_a_folder_that_is_removed_before_it_is_measured(place: Place) -> None:
    """The cell fails and says so, the other goes on, and the same command again finishes."""
    running = start(place, *SWEEP, *CELLS, "measure.min_seconds=1")
    until(lambda: "begin measure" in place.log.read_text() if place.log.exists() else False)
    for folder in place.project.glob("artifacts/compile/*"):
        shutil.rmtree(folder)
    assert running.ended() == 5, running.err
    assert "Traceback" not in running.err
    kept = records.read_all(place.project)
    assert "failed" in [record.content["status"] for record in kept]
    assert all(record.content["next_step"] for record in kept if record.content["status"] == "failed")
    finished(place, "measure.min_seconds=1")
    sound = {record.content["spec_key"] for record in records.read_all(place.project) if not state.faulty(record)}
    assert len(sound) == 2


@pytest.mark.parametrize("clock", ["jump", "630720000"], ids=["jumps", "20 years ahead"])
def test_a_clock_that_is_off(place: Place, clock: str) -> None:
    """Nothing times out, names are unique, and what is written later sorts later."""
    finished(place, env={"RUNNER_CHAOS_CLOCK": clock})
    first = records.names(place.project)
    finished(place, "--fresh")
    names = records.names(place.project)
    assert names[:2] == first
    assert len(set(names)) == 4
    assert [state.faulty(record) for record in records.read_all(place.project)] == [""] * 4
    finished(place)
    assert records.names(place.project) == names


# --- workers ---


def worker(running: Running, name: str) -> psutil.Process | None:
    """The worker of the command whose `--name` begins so."""
    for one in psutil.Process(running.process.pid).children(recursive=True):
        try:
            words = one.cmdline()
        except psutil.Error:
            continue
        if "runner.worker" in words and words[words.index("--name") + 1].startswith(name):
            return one
    return None


def killed(running: Running, name: str) -> None:
    until(lambda: worker(running, name))
    found = worker(running, name)
    assert found is not None
    found.kill()


def test_a_step_whose_worker_was_killed_is_tried_once_more_and_counted(place: Place) -> None:
    words = ("model=gru", "model.hidden=4", "precision=fp32", "baseline=none", *SWEEP[4:-2], "--json")
    running = start(place, *words, "train.epochs=40", "train.patience=40")
    until(lambda: list(place.project.glob("artifacts/.scratch/train-*/*")))
    killed(running, "step")
    assert running.ended() == 0, running.err
    assert "killed by SIGKILL" in running.err
    assert "It is tried once more." in running.err
    assert json.loads(running.out)["retries"] == {"train": 1}
    described = json.loads(next(place.project.glob("artifacts/train/*/artifact.json")).read_text())
    assert described["retries"] == 1


@pytest.mark.usefixtures("place_trained")
def test_a_benchmark_whose_worker_was_killed_is_tried_once_more_and_counted(place: Place) -> None:
    running = start(place, *SWEEP, "precision=fp32", "backend=onnxruntime", "--json", "measure.min_seconds=2")
    killed(running, "candidate")
    assert running.ended() == 0, running.err
    cell = json.loads(running.out)["cells"][0]
    assert (cell["status"], cell["retries"]) == ("ok", {"benchmark": 1})


@pytest.mark.usefixtures("place_trained")
def test_a_benchmark_whose_worker_is_killed_again_fails_and_counts_it(place: Place) -> None:
    running = start(place, *SWEEP, "precision=fp32", "backend=onnxruntime", "--json", "measure.min_seconds=2")
    for _ in range(2):
        until(lambda: worker(running, "candidate"))
        found = worker(running, "candidate")
        assert found is not None
        found.kill()
        found.wait(10)
    assert running.ended() == 5, running.err
    cell = json.loads(running.out)["cells"][0]
    assert (cell["status"], cell["retries"]) == ("failed", {"benchmark": 1})
    assert "killed by SIGKILL" in cell["reason"]


# --- a tracking server ---


@pytest.mark.usefixtures("place_trained")
def test_a_tracking_server_that_goes_away_and_comes_back(place: Place) -> None:
    port = free_port()
    env = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    with server(place.outside, port):
        running = start(place, *SWEEP, *CELLS, env=env)
        until(lambda: place.log.exists() and "sealed measure" in place.log.read_text(), 120)
    assert running.ended() == 0, running.err
    assert "not in MLflow yet" in running.err
    assert [state.faulty(record) for record in records.read_all(place.project)] == ["", ""]
    with server(place.outside, port):
        finished(place, env=env)
    found = state.tracked(place, place.outside / "server.db")
    assert found == {record.folder.name: 1 for record in records.read_all(place.project)}
    assert left_running(place) == []
    assert list(state.pages(place, place.outside / "server.db").values()) == [1]


@pytest.mark.usefixtures("place_trained")
def test_a_tracking_server_that_is_restarted_in_mid_sweep(place: Place) -> None:
    """What was measured while it was away is sent by the same command again, the page too; nothing is there twice."""
    port = free_port()
    env = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}", "MLFLOW_EXPERIMENT_NAME": "night shift"}
    cells = (*SWEEP, "precision=fp32", "backend=onnxruntime,openvino,torch", "tracking.tags.project=dozer")
    with server(place.outside, port):
        running = start(place, *cells, env=env)
        until(lambda: sealed(place) >= 1, 120)
    until(lambda: sealed(place) >= 2, 120)
    with server(place.outside, port):
        assert running.ended() == 0, running.err
        again = start(place, *cells, env=env)
        assert again.ended() == 0, again.err
    kept = records.read_all(place.project)
    assert len(kept) == 3
    assert state.tracked(place, place.outside / "server.db") == {record.folder.name: 1 for record in kept}
    assert list(state.pages(place, place.outside / "server.db").values()) == [1]
    assert len([*(place.outside / "files").glob("*/*/artifacts/sweep.html")]) == 1


def sealed(place: Place) -> int:
    return place.log.read_text().count("sealed measure") if place.log.exists() else 0
