"""A user's script is checked by mypy against the types that the package ships."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SCRIPT = """
import runner

result = runner.run("model=gru")
ratio: float = result.comparison.ratio if result.comparison else 1.0
mean: float = float(result.samples["candidate"][0].mean())
names: list[str] = [one.status for one in runner.sweep("model=gru,lstm").runs]
runner.compare(max_loss="1%").plot().save("speedups.svg")
"""


def test_the_package_says_that_it_is_typed() -> None:
    assert (REPOSITORY / "runner" / "py.typed").is_file()


@pytest.mark.slow
def test_mypy_knows_what_a_call_returns(tmp_path: Path) -> None:
    wrong = "number: int = result.status\nresult.comparison.ratio\nrunner.run(1)\n"
    (tmp_path / "mine.py").write_text(SCRIPT + wrong)
    # By the project's own settings, strict ones: what `make check` knows of the package is used again.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", str(tmp_path / "mine.py")],
        cwd=REPOSITORY,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=280,
    )
    found = [line.partition(": error: ")[2] for line in done.stdout.splitlines() if ": error: " in line]
    assert [error.rpartition("[")[2].rstrip("]") for error in found] == ["assignment", "union-attr", "arg-type"], found
