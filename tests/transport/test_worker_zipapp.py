"""What runs on a device: one zipapp, the same bytes for the same sources, for Python 3.8 as well."""

from __future__ import annotations

import ast
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from runner.artifacts import code_closure
from runner.transport import worker_zipapp
from tests.transport.test_local import ROOT

# The compile step, too: a stage may run in a toolchain.
TRAVELLING = (*worker_zipapp.OURS, *worker_zipapp.sessions(), "runner.steps.compile")
# It may have no numpy: what imports that is compiled all the same.
IMPORTED = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
"""
RUNTIMES = ("runner.backends.",)  # of which not all are installed beside another interpreter


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    assert worker_zipapp.write(tmp_path).read_bytes() == worker_zipapp.write(tmp_path / "again").read_bytes()


def test_it_holds_the_worker_every_session_and_nothing_heavy(tmp_path: Path) -> None:
    with zipfile.ZipFile(worker_zipapp.write(tmp_path)) as archive:
        held = set(archive.namelist())
    assert {"__main__.py", "runner/worker/watchdog.py", "runner/hardware/detect.py"} <= held
    assert {f"{session.replace('.', '/')}.py" for session in worker_zipapp.sessions()} <= held
    assert not {name for name in held if name.startswith(("runner/planning", "runner/report", "runner/execution"))}


def test_a_session_of_another_package_travels_with_what_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "worker"))
    with zipfile.ZipFile(worker_zipapp.write(tmp_path, ("odd_code",))) as archive:
        assert "odd_code.py" in archive.namelist()


@pytest.mark.parametrize("module", sorted(code_closure.closure(TRAVELLING)))
def test_all_of_it_keeps_to_the_syntax_of_python_3_8(module: str) -> None:
    path = code_closure.closure(TRAVELLING)[module]
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


def old_python() -> str | None:
    """An interpreter of that version that runs: on PATH, or one of pyenv's."""
    kept = sorted((Path.home() / ".pyenv" / "versions").glob("3.8.*/bin/python3.8"))
    for found in filter(None, [shutil.which("python3.8"), *map(str, kept)]):
        if subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            return found
    return None


@pytest.mark.skipif(old_python() is None, reason="no python3.8 on this machine")
def test_python_3_8_imports_what_needs_no_runtime(tmp_path: Path) -> None:
    every = code_closure.closure(TRAVELLING)
    modules = [name for name in every if not name.startswith(RUNTIMES) and not name.endswith("__main__")]
    command = [str(old_python()), "-c", IMPORTED, str(worker_zipapp.write(tmp_path, TRAVELLING)), *modules]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, done.stderr
    assert len(modules) > 10
