"""docs/adding-a-backend.md: the package that stands in it is written out, keeps the contract, and measures."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import documents
from tests.conftest import QUICK, REPOSITORY

GUIDE = (REPOSITORY / "docs/adding-a-backend.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the search path as an installer would leave it: the package, and its entry point."""
    folder = tmp_path_factory.mktemp("installed")
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    info = folder / "reference_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: reference-backend\nVersion: 1.0\n")
    (entry,) = re.findall(r"^reference = \"(\S+)\"$", FILES["pyproject.toml"], re.MULTILINE)
    (info / "entry_points.txt").write_text(f"[runner.backends]\nreference = {entry}\n")
    return folder


def typed(line: str, folder: Path, cwd: Path, *more: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(folder), str(REPOSITORY)))
    env = {**os.environ, "PYTHONPATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}
    words = [sys.executable, *shlex.split(line)[1:], *more]
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=280)


def commands() -> list[str]:
    (lines,) = documents.blocks("docs/adding-a-backend.md", "tests/backends/test_guide.py")
    return lines


def test_the_matrix_shows_it(installed: Path, tmp_path: Path) -> None:
    done = typed(commands()[0], installed, tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^reference +yes +no +no +no +no$", done.stdout, re.MULTILINE), done.stdout
    assert "reference precision=fp16: numpy computes float16 in float32: precision=fp32" in done.stdout


@pytest.mark.slow
def test_it_keeps_the_contract_from_outside(installed: Path, tmp_path: Path) -> None:
    done = typed(commands()[1], installed, tmp_path, "-p", "no:cacheprovider", "-q")
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed.group(1)) >= 40
    assert "failed" not in done.stdout


@pytest.mark.slow
def test_it_measures(installed: Path, tmp_path: Path) -> None:
    done = typed(commands()[2], installed, tmp_path, *QUICK, "measure.max_pairs=1", "measure.min_pairs=1", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"status": "ok"' in done.stdout


PROFILER = """

def open_profiled(folder: str, options: dict[str, Any]) -> Profiled:
    return Profiled(onnx.load(Path(folder) / "model.onnx"), options["verbose"])


class Profiled(Session):
    def profile(self, bound: dict[str, Any], iterations: int) -> dict[str, Any]:
        layer = {"name": "all", "type": "Conv", "precision": "fp32", "ns": 2e6, "calls": 1, "nodes": []}
        return {"layers": [layer], "statistic": "median", "run_ns": 4e6, "resolution_ns": 1.0}
"""


@pytest.mark.slow
def test_a_profile_of_half_a_run_fails_the_case_of_that_name(installed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(installed, tmp_path / "installed"))
    declaration, session = (folder / "reference_backend" / name for name in ("__init__.py", "session.py"))
    declaration.write_text(declaration.read_text().replace("Capabilities(", "Capabilities(profile=True, "))
    session.write_text(session.read_text() + PROFILER)
    chosen = ("-k", "reference and make_up_a_run", "-p", "no:cacheprovider")
    done = typed(commands()[1], folder, tmp_path, *chosen)
    assert "1 failed, " in done.stdout, done.stdout[-3000:]
    assert "test_the_layers_of_a_profile_make_up_a_run[reference]" in done.stdout
    assert "of a run its layers make up 0.50, 0.50" in done.stdout


def test_a_mark_that_came_true_fails(installed: Path, tmp_path: Path) -> None:
    marks = installed / "reference_backend/contract_marks.py"
    before = marks.read_text()
    marks.write_text('NOT_YET = {"test_the_values_keep_the_rules": "no rules yet"}\nNEVER = {"test_odd": "none"}\n')
    chosen = ("-k", "reference and (rules or marks)", "-p", "no:cacheprovider")
    done = typed(commands()[1], installed, tmp_path, *chosen)
    matrix = typed(commands()[0], installed, tmp_path)
    marks.write_text(before)
    assert "[XPASS(strict)] no rules yet" in done.stdout, done.stdout[-3000:]
    assert "test_its_marks_name_tests_and_reasons[reference]" in done.stdout
    assert "reference the values keep the rules: not yet, no rules yet" in matrix.stdout
    assert "2 failed" in done.stdout
