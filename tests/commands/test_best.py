"""`best`: one real race of two small configurations, and what the command makes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import trained
from tests.conftest import REPOSITORY, Command, Ended

RACE = ("model=gru", "model.hidden=4", "train=smoke", "measure=quick", "backend.threads=1", "precision=fp32")
TWO = ("backend=openvino", *RACE)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, trained_once: Path) -> Path:
    project = tmp_path_factory.mktemp("raced")
    trained.place(trained_once, project)
    return project


COMMAND = (sys.executable, "-m", "runner", "best")
ENVIRONMENT = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(REPOSITORY)}


@pytest.fixture(scope="module")
def best(home: Path) -> Callable[..., Ended]:
    def run(*words: str) -> Ended:
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=home,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=240,
            stdin=subprocess.DEVNULL,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="module")
def raced(best: Callable[..., Ended], home: Path) -> Any:
    """The document of a race of OpenVINO against the default."""
    done = best(*TWO, "--json", "--html", "best.html")
    assert done.code == 0, done.err
    return done.json


def test_it_names_the_fastest_and_what_nothing_else_is(raced: Any) -> None:
    assert raced["status"] == "ok"
    assert raced["decided"]
    assert raced["default"] == "gru fp32 onnxruntime"
    assert {one["name"] for one in raced["raced"]} == {"gru fp32 onnxruntime", "openvino fp32"}
    fastest = raced["raced"][0]
    assert fastest["relative"] == [1.0, 1.0, 1.0]
    assert fastest["runs"] >= 5
    assert raced["winner"] == fastest["name"] or fastest["tied"]


def test_every_finished_group_is_kept(raced: Any) -> None:
    finished = groups(Path(raced["folder"]) / "groups.jsonl")
    assert sum(len(group["values"]) for group in finished) == sum(one["runs"] for one in raced["raced"])


def test_a_winner_that_is_not_the_default_has_an_ordinary_record(raced: Any, home: Path) -> None:
    records = [folder.name for folder in (home / "records").glob("[!.]*")]
    confirmed = raced["confirmed"]
    assert records == ([confirmed["record_id"]] if confirmed else [])
    assert (confirmed is None) == (raced["winner"] == raced["default"])


def test_the_page_has_the_answer_and_its_pictures(raced: Any, home: Path) -> None:
    page = (home / "best.html").read_text()
    assert raced["winner"] in page
    assert page.count("<svg") == 2  # both lose nothing, so that no picture is of that


def test_the_same_command_again_goes_on_from_what_is_finished(
    raced: Any, best: Callable[..., Ended], home: Path
) -> None:
    again = best(*TWO)
    assert again.code == 0
    assert "goes on from" in again.err
    assert "quality:" not in again.err  # nobody predicts twice
    assert "python -m runner model=gru" in again.out
    assert "Nothing else is more than 2 % faster." in again.out
    assert len(list((home / "races").glob("*/groups.jsonl"))) == 1
    assert len(list((home / "records").glob("[!.]*"))) == (1 if raced["confirmed"] else 0)


def test_a_time_that_is_up_leaves_it_undecided_and_says_who_is_left(best: Callable[..., Ended], raced: Any) -> None:
    done = best(*TWO, "--fresh", "--limit-s", "0.001", "--json", "--max-loss", "2%")
    assert done.code == 5
    assert done.json["again"] == ["best", *TWO, "--max-loss", "2%", "--limit-s", "0.002"]
    assert done.json["status"] == "undecided"
    assert sorted(done.json["left"]) == ["gru fp32 onnxruntime", "openvino fp32"]
    assert done.json["winner"] == ""
    assert "time is up" in done.json["why"]


@pytest.mark.slow
def test_a_race_that_was_killed_goes_on_from_its_finished_groups(
    raced: Any, best: Callable[..., Ended], home: Path
) -> None:
    file = Path(raced["folder"]) / "groups.jsonl"
    assert best(*TWO, "--fresh", "--limit-s", "0.001").code == 5
    with subprocess.Popen([*COMMAND, *TWO], cwd=home, env=ENVIRONMENT, start_new_session=True) as racing:
        while not (kept := groups(file))[2:] and racing.poll() is None:
            time.sleep(0.05)
        os.killpg(racing.pid, signal.SIGKILL)
    assert len(kept) >= 3
    again = best(*TWO, "--json")
    assert again.code == 0
    assert again.json["decided"]
    assert "goes on from" in again.err
    assert groups(file)[: len(kept)] == kept
    assert [one["block"] for one in groups(file)] == list(range(len(groups(file))))  # nothing was raced twice


def groups(file: Path) -> list[Any]:
    """The finished groups that are on disk."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    return [line for line in lines if "block" in line]


def test_the_smallest_file_is_found_without_a_race(best: Callable[..., Ended], raced: Any) -> None:
    found = best(*RACE, "--by", "size", "--json", "backend=openvino").json
    sizes = {one["name"]: one["size_mb"] for one in found["raced"]}
    assert found["winner"] == min(sizes, key=lambda name: sizes[name])
    assert (found["blocks"], found["confirmed"], found["folder"]) == (0, None, "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "no word says of which model"),
        (["model=gru", "--max-loss", "lots"], 2, "not a budget"),
        (["model=gru", "--by", "colour"], 2, "--by"),
        (["model=gru", "--limit-s", "0"], 2, "seconds above 0"),
        (["model=gru", "--by", "energy", "telemetry.interval_ms=null"], 3, "read no power"),
        (["model=gru,lstm"], 2, "one model"),
        (["model=gru", "--html", "no/such/folder.html"], 2, "--html"),
    ],
)
def test_what_cannot_be_asked_is_said_before_any_work(typed: Command, words: list[str], code: int, said: str) -> None:
    done = typed("best", *words)
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err


def test_by_estimate_without_a_backend_that_estimates_says_so(typed: Command) -> None:
    done = typed("best", "model=gru", "train=smoke", "backend=onnxruntime", "--by", "estimate")
    assert done.code == 2
    assert "no configuration is left" in done.err
