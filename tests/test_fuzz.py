"""The fuzzer itself: that what it tries gets as far as it means to, so that finding nothing says something."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from benchmarks.fuzzing import driver
from tests.conftest import REPOSITORY

FUZZ = REPOSITORY / "benchmarks" / "fuzz.py"
KNOWN = "8a3e780"  # a commit whose faults are known


def fuzzed(*words: str) -> subprocess.CompletedProcess[str]:
    """What a run of cases through functions prints, by one process."""
    command = [sys.executable, str(FUZZ), *words, "--commands", "0", "--jobs", "1"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_devices_lie_and_one_that_does_not_is_believed() -> None:
    done = fuzzed("--kinds", "answers", "--count", "7")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "answers: 7 of 7 tried" in done.stdout


@pytest.mark.slow
def test_faults_of_an_earlier_commit_are_found() -> None:
    if subprocess.run(["git", "cat-file", "-e", KNOWN], cwd=REPOSITORY, capture_output=True, check=False).returncode:
        pytest.skip(f"a clone without {KNOWN}")

    done = fuzzed("--kinds", "words,answers", "--count", "34", "--commit", KNOWN)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "JSONDecodeError in local._next_message; seed 4" in done.stdout
    assert "error with characters that act; seed 33" in done.stdout
    assert "the process died" not in done.stdout


def test_a_process_of_the_fuzzer_that_dies_says_of_what() -> None:
    (found,) = driver.tried("nothing", range(1), REPOSITORY, jobs=1, stop_at=math.inf)

    assert found.fault == "the process died (1): ModuleNotFoundError: No module named 'benchmarks.fuzzing.nothing'"
