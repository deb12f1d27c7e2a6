"""Processes that start before they are needed: the first pair's, while the command imports numpy."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runner.core.errors import RunnerError
from runner.measure.next_pair import starting
from runner.measure.pairs import run_pair
from runner.measure.run import Run
from runner.measure.settings import Settings
from runner.measure.sides import Side, order
from runner.transport.device import Here
from tests.conftest import REPOSITORY

MakeSettings = Callable[..., Settings]


def printed(code: str, **variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    env = {**kept, "PYTHONPATH": str(REPOSITORY), **variables}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout


def test_a_pair_is_measured_in_the_processes_that_were_started(
    side: Side, measure: MakeSettings, tmp_path: Path
) -> None:
    sides = {"candidate": side, "baseline": side}
    run = Run(sides, measure("classic"), 3, tmp_path, 60)
    with starting(run):
        assert tuple(run.started) == order(list(sides), 3, 0)
        pids = {one.worker.pid for one in run.started.values()}
        pair = run_pair(run, 0)
        assert not run.started
        assert len(run_pair(run, 1).sides) == 2
    assert set(pair.sides) == set(sides)
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_a_process_is_pinned_and_has_imported_its_runtime_before_it_is_loaded(
    side: Side, measure: MakeSettings, tmp_path: Path
) -> None:
    run = Run({"candidate": side}, dataclasses.replace(measure("classic"), pin=(0,)), 3, tmp_path, 60)
    with starting(run):
        (one,) = run.started.values()
        one.importing.result()
        process = psutil.Process(one.worker.pid)
        assert process.cpu_affinity() == [0]
        assert any("onnxruntime" in mapped.path for mapped in process.memory_maps())


def test_a_runtime_that_cannot_be_imported_is_why_the_pair_fails(
    side: Side, measure: MakeSettings, tmp_path: Path
) -> None:
    run = Run({"candidate": dataclasses.replace(side, session="runner.none")}, measure("classic"), 3, tmp_path, 60)
    with pytest.raises(RunnerError, match="No module named 'runner"), starting(run):
        run_pair(run, 0)


def test_what_nobody_took_ends_at_once(side: Side, measure: MakeSettings, tmp_path: Path) -> None:
    run = Run({"candidate": side}, measure("classic"), 0, tmp_path)
    with pytest.raises(KeyError), starting(run):
        (one,) = run.started.values()
        raise KeyError("the import failed")
    assert not psutil.pid_exists(one.worker.pid)


def test_one_that_cannot_start_leaves_no_other(side: Side, measure: MakeSettings, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("no folder")
    run = Run({"candidate": side}, measure("classic"), 0, tmp_path / "log")
    with pytest.raises((RunnerError, OSError)), starting(run):
        pytest.fail("it began")


def test_of_sides_on_two_devices_none_is_started(side: Side, measure: MakeSettings, tmp_path: Path) -> None:
    other = dataclasses.replace(side, device=Here(name="another"))
    run = Run({"candidate": side, "baseline": other}, measure("classic"), 0, tmp_path)
    with starting(run):
        assert run.started == {}


def test_numpy_is_not_imported_before_the_first_processes_start() -> None:
    assert printed("import sys, runner.execution.run_plan; print('numpy' in sys.modules)") == "False\n"


THREADS = """
import os
from runner.core.linear_algebra import one_thread
with one_thread():
    import numpy
print(len(os.listdir('/proc/self/task')))
"""


def test_numpy_starts_no_threads_in_the_command() -> None:
    assert printed(THREADS) == "1\n"


def test_workers_are_given_no_number_of_threads_that_the_user_did_not_set() -> None:
    inside = (
        "import subprocess; from runner.transport.local import environment; from runner.core.linear_algebra import *\n"
    )
    inside += "with one_thread(): print(VARIABLE in environment(None, {}))\n"
    assert printed(inside) == "False\n"
    assert (
        printed(inside + "print(subprocess.run(['printenv', VARIABLE], capture_output=True).stdout)") == "False\nb''\n"
    )
    assert printed(inside, OPENBLAS_NUM_THREADS="2") == "True\n"
