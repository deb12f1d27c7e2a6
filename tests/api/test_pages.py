"""The pages about Python: their code runs as it is written, the notebook too, and the reference is built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import runner
from tests import makefile, short_project, trained
from tests.conftest import REPOSITORY

PAGES = ("README.md", "docs/python.md", "docs/sweeps.md")
ENV = {**os.environ, "PYTHONPATH": str(REPOSITORY), "MLFLOW_DISABLE_TELEMETRY": "true"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, short_trained_once: Path) -> Path:
    made = short_project.make(tmp_path_factory.mktemp("pages"))
    trained.place(short_trained_once, made)
    return made


def code(page: str) -> str:
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks, page
    return "".join(blocks)


def python(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=project, env=ENV, capture_output=True, text=True, timeout=280)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES[:2])
def test_the_code_of_a_page_runs_as_it_is_written(project: Path, page: str) -> None:
    done = python(project, "-c", code(page))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_what_there_is(page: str) -> None:
    named = set(re.findall(r"runner\.([A-Za-z_]+)\(", code(page)))
    assert named
    assert named <= set(dir(runner))


@pytest.mark.slow
def test_the_notebook_runs_and_shows_tables_and_pictures(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(REPOSITORY / "docs" / "notebook.ipynb", as_version=4)
    assert [cell for cell in notebook.cells if cell.get("outputs")] == []  # figures of one machine are nobody else's
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    NotebookClient(
        notebook, timeout=250, kernel_name="python3", resources={"metadata": {"path": str(project)}}
    ).execute()
    shown = [kinds(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert shown == [set(), {"text/html"}, {"image/svg+xml"}, set(), {"text/html"}, {"image/svg+xml"}, {"text/html"}]


def kinds(cell: Any) -> set[str]:
    """The rich forms of what a cell shows."""
    return {kind for one in cell.outputs for kind in one.get("data", {})} - {"text/plain"}


@pytest.mark.slow
def test_the_reference_has_every_public_name(tmp_path: Path) -> None:
    words = makefile.last_line("docs").split()
    assert words[1:3] == ["-m", "pdoc"]
    done = python(tmp_path, *words[1:])
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "build" / "docs" / "runner" / "api.html").read_text(encoding="utf-8")
    assert [name for name in dir(runner) if f'id="{name}"' not in page] == []
    assert 'id="RunResult.samples"' in page
