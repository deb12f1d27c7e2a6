"""What of the environment reaches a worker, and which keys it is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import Unavailable
from runner.execution.dask import version_check
from runner.planning import plan
from runner.sweeps import request
from runner.transport import local
from runner.worker import variables

NEITHER = {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "PYTHONUNBUFFERED": "1", "RUNNER_DEBUG": "1"}
NUMBERS = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
TIMING = {
    "MALLOC_ARENA_MAX": "1",
    "LD_PRELOAD": "x.so",
    "LD_LIBRARY_PATH": "/opt",  # where another build of a library may lie
    "OMP_WAIT_POLICY": "active",
    "PYTHONMALLOC": "malloc",
    "COVERAGE_PROCESS_START": "x",
}
NOT_PASSED = {"AWS_SECRET_ACCESS_KEY": "secret", "HTTPS_PROXY": "http://x", "EDITOR": "vi", "PS1": "$"}
EVERY = {**NEITHER, **NUMBERS, **TIMING, **NOT_PASSED}


def test_what_is_not_listed_does_not_reach_a_worker() -> None:
    assert variables.passed(EVERY) == {**NEITHER, **NUMBERS, **TIMING}


def test_what_changes_numbers_is_in_every_key_and_timing_in_those_of_measurements() -> None:
    assert variables.of_numbers(EVERY) == NUMBERS
    assert variables.of_timing(EVERY) == {**NUMBERS, **TIMING}


def test_what_a_user_adds_is_passed_and_in_every_key() -> None:
    more = {**EVERY, variables.FURTHER: "EDITOR, AWS_*"}
    added = {"EDITOR": "vi", "AWS_SECRET_ACCESS_KEY": "secret"}
    assert variables.passed(more).items() >= added.items()
    assert variables.of_numbers(more) == {**NUMBERS, **added}


def test_a_worker_gets_these_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EVERY.items():
        monkeypatch.setenv(name, value)
    found = local.environment(None, {"MARK": "1"})
    assert found.items() >= {**NUMBERS, **TIMING, "MARK": "1"}.items()
    assert not found.keys() & NOT_PASSED.keys()


def test_a_variable_that_changes_numbers_changes_the_keys_of_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = request.one(tmp_path, ["model=gru", "precision=fp32", "baseline=none"])

    def keys() -> set[str]:
        return set(plan.make([spec], tmp_path).cells[0].candidate.keys.values())

    before = keys()
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    monkeypatch.setenv("AWS_REGION", "x")
    assert keys() == before
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    assert not keys() & before


def test_a_clusters_worker_with_other_values_is_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = request.one(tmp_path, ["model=gru", "precision=fp32", "baseline=none"])
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    data = next(iter(plan.make([spec], tmp_path).nodes.values()))
    version_check.check_tools(data)
    monkeypatch.delenv("MKL_CBWR")
    with pytest.raises(Unavailable, match="MKL_CBWR of this worker's environment is not the command's"):
        version_check.check_tools(data)
