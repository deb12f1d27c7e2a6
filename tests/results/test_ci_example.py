"""The example workflow as a user copies it: its own commands, in a repository with a branch to compare with."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.results import archive
from tests.conftest import REPOSITORY
from tests.models.onnx_files import lookup_and_add

WORKFLOW = REPOSITORY / "docs" / "examples" / "ci.yml"
QUICK = "precision=fp32 measure=quick measure.min_pairs=7 measure.max_pairs=7 measure.min_seconds=0.01"


def steps() -> list[dict[str, Any]]:
    """What the job runs after the installation."""
    job = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["speed"]
    found = [step for step in job["steps"] if "run" in step]
    assert "pip install edge-runner" in found[0]["run"]
    return found[1:]


def bash(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "MODEL": "model.onnx",
        "SETTINGS": QUICK,
        "BASE": "main",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    # As the service runs it: the first command that fails ends the step.
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=folder, env=env, capture_output=True, text=True
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    lookup_and_add(tmp_path / "model.onnx", [1, 3], [1, 4])
    identity = "git -c user.name=a -c user.email=a@example.org"
    done = bash(
        f"git init -q && git add . && {identity} commit -qm a && git update-ref refs/remotes/origin/main HEAD", tmp_path
    )
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.mark.slow
def test_every_step_of_the_workflow_runs_and_leaves_a_page_and_a_record(repository: Path) -> None:
    measure, check, keep = steps()
    measured = bash(measure["run"], repository)
    assert measured.returncode == 0, measured.stderr
    # The same model twice: as fast as itself, unless this machine is very noisy; so the check is only run.
    checked = bash(check["run"], repository)
    assert checked.returncode in (0, 1), checked.stderr
    assert "speedup_high<0.97 · " in checked.stdout
    assert "speed-up" in (repository / "summary.md").read_text(encoding="utf-8")
    kept = bash(keep["run"], repository)
    assert kept.returncode == 0, kept.stderr
    assert "<svg" in (repository / "out" / "report.html").read_text(encoding="utf-8")
    with archive.opened(repository / "out" / "record.zip") as record:
        assert record.content["comparison"]["kind"] == "paired"


@pytest.mark.slow
def test_the_step_that_checks_fails_where_nothing_was_measured(repository: Path) -> None:
    assert bash(steps()[1]["run"], repository).returncode == 2
