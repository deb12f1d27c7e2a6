"""TVM's tuning: trials in a database that a kill leaves usable, kernels that crash, a model built of the best."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tvm", reason="apache-tvm is not installed here")

from runner.backends.tvm import RECORDS, about
from runner.backends.tvm.compile import compile
from runner.backends.tvm.session import open_session
from runner.backends.tvm.trial import Trials
from runner.core.job import Job
from runner.hardware import detect
from runner.transport.local import open_worker
from tests.backends.conftest import Case

TRIALS = 16
HERE = about(detect.described())


def tuned(
    folder: Path, case: Case, trials: int, budget_s: float = 120, progress: Any = None, device: Any = None
) -> dict[str, Any]:
    """What the stage says that leaves `out<trials>` in the folder; runs in one folder share what a kill would leave.
    `device`: how the one that times is reached, None: it is this machine."""
    tuning = {"trials": trials, "budget_s": budget_s}
    own = {"threads": 1, "schedule": "generic", "target": "device", "tuning": tuning}
    out, scratch = folder / f"out{trials}", folder / "scratch"
    for one in (out, scratch):
        one.mkdir(parents=True, exist_ok=True)
    inputs = {"model": case.folder / "graph", "data": case.folder / "data"}
    request = {
        "settings": {"backend": "tvm", "stage": "tune", "settings": own, "batch": 1, "tuned_to": HERE},
        "inputs": inputs,
    }
    with open_worker(folder / "log", name="tvm") as worker:
        about = {"module": "runner.steps.compile", "out": out, "scratch": scratch, "device": device, **request}
        meta: dict[str, Any] = worker.ask("step", timeout=200, on_progress=progress, **about)["meta"]
    return meta


Tuned = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module")
def conv(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    """(The folder, what was said) of the convolution tuned."""
    folder = tmp_path_factory.mktemp("tuned")
    return folder, tuned(folder, cases["conv"], TRIALS)


def test_as_many_ways_as_asked_for_are_tried_and_the_best_of_each_kernel_is_known(
    conv: Tuned,
) -> None:
    folder, said = conv
    assert said["trials"] == TRIALS
    assert len((folder / f"out{TRIALS}" / RECORDS).read_text().splitlines()) == TRIALS
    assert said["best_us"] and all(us > 0 for us in said["best_us"].values())
    assert said["warnings"] == []


def test_what_is_compiled_of_the_best_gives_the_same_numbers(
    conv: Tuned, cases: dict[str, Case], tmp_path: Path
) -> None:
    folder, case = conv[0], cases["conv"]
    settings = {
        "settings": {"schedule": "generic", "target": "device"},
        "batch": 1,
        "precision": "fp32",
        "tuned_to": HERE,
    }
    inputs = {"model": folder / f"out{TRIALS}", "data": case.folder / "data"}
    compile(Job(settings, inputs, tmp_path, tmp_path))
    session = open_session(str(tmp_path), {"threads": 1})
    assert session.effective["tuned"] is True
    rows = np.load(case.folder / "data/test.npz")["in/x"]
    np.testing.assert_allclose(session.run(session.bind({"x": rows[:1]}))[0], case.expected[:1], rtol=1e-3, atol=1e-4)


def test_a_database_that_a_kill_left_is_gone_on_with_and_nothing_is_tried_twice(
    conv: Tuned, cases: dict[str, Case]
) -> None:
    kept = conv[0] / "scratch/database" / RECORDS
    whole = kept.read_text().splitlines(keepends=True)
    kept.write_text("".join(whole)[:-20])  # killed while it wrote the last line
    steps: list[int] = []
    said = tuned(conv[0], cases["conv"], TRIALS + 3, progress=lambda done, total, note="": steps.append(done))
    assert said["trials"] == TRIALS + 3
    assert min(steps) == TRIALS
    lines = kept.read_text().splitlines(keepends=True)
    assert lines[: TRIALS - 1] == whole[:-1]
    assert len(lines) == TRIALS + 3


def test_when_the_time_is_up_what_was_found_is_kept_and_said(cases: dict[str, Case], tmp_path: Path) -> None:
    said = tuned(tmp_path, cases["conv"], 300, budget_s=1e-3)
    assert 0 < said["trials"] < 300
    lines = (tmp_path / "out300" / RECORDS).read_text().splitlines()
    assert len(lines) == said["trials"] and all(json.loads(line)[1][1][0] < 1 for line in lines)
    assert said["warnings"] == [f"tuning: the time was up after {said['trials']} of 300 trials (budget 0.001 s)"]


@pytest.fixture
def trials(tmp_path: Path) -> Iterator[Trials]:
    made = Trials(None, 1, tmp_path / "log")
    yield made
    made.close()


def test_a_kernel_that_crashes_ends_no_trial_but_its_own(trials: Trials, tmp_path: Path) -> None:
    source = tmp_path / "crash.c"
    source.write_text("#include <stdlib.h>\n__attribute__((constructor)) void crash(void) { abort(); }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "crash.so", source], check=True)
    assert "killed by SIGABRT" in trials.timed(str(tmp_path / "crash.so"), [])
