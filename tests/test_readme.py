"""What the README tells people to type works, and what it names is there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from runner.__main__ import COMMANDS
from runner.backends import support
from runner.commands import init
from runner.spec import options
from runner.spec.schema import AXES
from tests import documents, short_project
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """The lines of the block that is marked for this test."""
    (lines,) = documents.blocks("README.md", "tests/test_readme.py")
    return lines


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return short_project.make(tmp_path_factory.mktemp("readme"))


@pytest.mark.slow
def test_every_command_works_as_it_is_written(project: Path) -> None:
    """In their order, as a shell reads them; `python` is this one."""
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "MLFLOW_DISABLE_TELEMETRY": "true"}
    assert len(commands()) >= 8
    for line in commands():
        typed = re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", line)
        done = subprocess.run(typed, shell=True, cwd=project, env=env, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert done.stdout.strip(), line
        assert "Traceback" not in done.stderr


def typed() -> list[list[str]]:
    """The words after every `python -m runner` of the page."""
    lines = re.findall(r"python -m runner([^`\n)]*)", README)  # a message of the output shown ends in a bracket
    return [shlex.split(line, comments=True) for line in lines]


def test_the_page_has_commands() -> None:
    assert len(typed()) > 15


@pytest.mark.parametrize("words", typed(), ids=" ".join)
def test_every_command_names_what_there_is(tmp_path: Path, words: list[str]) -> None:
    init.write(tmp_path)  # a project of one's own has model=small, too
    first = next((word for word in words if not word.startswith("-")), "")
    assert not first or first in COMMANDS or "=" in first
    for word in words:
        axis, mark, names = word.partition("=")
        if mark and axis in AXES:
            assert set(names.split(",")) <= set(options.names(axis, tmp_path))


def test_the_tables_name_options_that_there_are() -> None:
    known = {name for axis in AXES for name in options.names(axis, REPOSITORY)}
    rows = [line for line in README.splitlines() if re.match(r"\| (models|data|backends|hardware|) \| `", line)]
    assert rows
    named = {name for row in rows for name in re.findall(r"`([a-z0-9_]+)`", row.split("|")[2])}
    assert named <= known


def test_the_matrix_is_what_the_backends_declare(tmp_path: Path) -> None:
    assert "\n".join(support.table(support.matrix(tmp_path))) in README


def test_every_file_that_it_links_is_there() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (REPOSITORY / target).exists(), target


def test_the_output_shown_is_one() -> None:
    assert "```text\nOUTPUT\n```" not in README
