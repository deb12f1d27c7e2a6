"""Whatever standard output and error are, a command ends in its own exit code, or says in two lines why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.report import fixtures
from tests.report.fixtures import measured, spec


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One record, half as fast as its baseline."""
    (tmp_path / "runner.toml").touch()
    fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 0.5))
    return tmp_path


def shell(project: Path, line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`line` in a shell, where `runner` stands for the command."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    typed = line.replace("runner", f"{sys.executable} -m runner")
    return subprocess.run(
        ["bash", "-c", typed],
        cwd=project,
        env={**buffered, "PYTHONPATH": str(REPOSITORY), **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize("words", ["compare", "compare --json", "compare --csv", "--help", "list --json"])
def test_a_full_output_is_exit_code_5_and_two_lines(project: Path, words: str, buffered: str) -> None:
    done = shell(project, f"runner {words} > /dev/full", **({"PYTHONUNBUFFERED": buffered} if buffered else {}))
    assert done.returncode == 5  # not 1, which is compare's word for slower
    assert done.stderr.splitlines() == [
        "error: Standard output can't be written: No space left on device.",
        "Send it elsewhere: > FILE. What was made or measured is kept.",
    ]


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_closed_streams_change_no_exit_code(project: Path, redirection: str) -> None:
    assert shell(project, f"runner compare {redirection}").returncode == 0
    assert shell(project, f"runner compare --fail-if 'speedup<0.9' {redirection}").returncode == 1
    assert shell(project, f"runner bogus {redirection}").returncode == 2


def test_who_stops_reading_does_not_change_the_exit_code(project: Path) -> None:
    done = shell(project, "runner compare --fail-if 'speedup<0.9' | head -c 0; echo ${PIPESTATUS[0]}")
    assert done.stdout == "1\n"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["compare", "report", "list", "--help", "show backend=openvino"])
def test_an_encoding_without_our_characters_gets_plain_ones(project: Path, words: str) -> None:
    done = shell(project, f"runner {words}", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "\\u" not in done.stdout
    whole = shell(project, f"runner {words}", PYTHONIOENCODING="utf-8")
    assert len(done.stdout.splitlines()) == len(whole.stdout.splitlines())


def test_one_document_stays_one(project: Path) -> None:
    assert json.loads(shell(project, "runner compare --json", PYTHONIOENCODING="ascii").stdout)["schema"] == 1


def test_a_file_that_is_opened_later_does_not_take_a_closed_outputs_place(tmp_path: Path) -> None:
    code = (
        "from runner.core import console_streams as streams; streams.prepare()\n"
        "file = open('kept', 'w'); print('a word'); streams.finish()\n"
        "file.write('its own'); file.close()"
    )
    line = f'{sys.executable} -c "{code}" >&- <&- 2>&-'
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert done.returncode == 0
    assert (tmp_path / "kept").read_text() == "its own"
