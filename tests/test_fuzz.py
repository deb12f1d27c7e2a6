"""The fuzzer itself: that what it tries gets as far as it means to, so that finding nothing says something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).resolve().parents[1] / "benchmarks" / "fuzz.py"


@pytest.mark.slow
def test_devices_lie_and_one_that_does_not_is_believed() -> None:
    words = ("--kinds", "answers", "--count", "7", "--commands", "0", "--jobs", "1")
    done = subprocess.run([sys.executable, FUZZ, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "answers: 7 of 7 tried" in done.stdout
