"""docs/ci.md: its commands run as they are written, in a repository with a branch to compare with."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from runner.__main__ import main
from tests import short_project
from tests.conftest import REPOSITORY
from tests.models.onnx_files import lookup_and_add

PAGE = (REPOSITORY / "docs" / "ci.md").read_text(encoding="utf-8")


def blocks() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.slow
def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    lookup_and_add(short_project.make(tmp_path) / "model.onnx", [1, 3], [1, 4])
    identity = "git -c user.name=a -c user.email=a@example.org"
    script = f"git init -q && git add . && {identity} commit -qm a && git update-ref refs/remotes/origin/main HEAD\n"
    own = blocks()[0].replace("python -m", f"{shlex.quote(sys.executable)} -m")
    done = subprocess.run(
        ["bash", "-ec", script + own],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY), "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    # One pair has no interval, so that the condition can't be checked: which has failed.
    assert (done.returncode, "has no vs_baseline/speedup_high" in done.stdout) == (1, True), done.stderr
    assert (tmp_path / "speed.xml").is_file()


def test_every_flag_of_the_page_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--help"]) == 0
    known = capsys.readouterr().out
    flags = set(re.findall(r"(--(?:fail-if|junit|github-summary))", PAGE))
    assert flags == {"--fail-if", "--junit", "--github-summary"}
    assert [flag for flag in flags if flag not in known] == []
