"""Another interpreter: which ones do, and what of this process's environment reaches it."""

from __future__ import annotations

import sys
import venv
import zipfile
from pathlib import Path

import pytest

from runner.core.errors import Unavailable
from runner.transport import worker_zipapp
from runner.transport.endpoint import WorkerOptions
from runner.transport.interpreter import NAME_ANOTHER, Interpreter
from tests import other_python, sshd
from tests.transport.test_local import ROOT, call


def refused(python: object) -> Unavailable:
    with pytest.raises(Unavailable) as error:
        Interpreter(str(python)).call("os", "getpid")
    return error.value


def test_one_that_is_not_there_is_told() -> None:
    error = refused("/no/such/python")
    assert error.reason == "toolchain.python=/no/such/python: no interpreter: No such file or directory."
    assert error.next_step == NAME_ANOTHER


def test_one_that_is_too_old_is_told(tmp_path: Path) -> None:
    old = "import sys; sys.version_info = (3, 7, 9, 'final', 0); exec(sys.argv.pop(1))"
    python = sshd.interpreter(tmp_path, f'shift; exec {sys.executable} -c "{old}" "$@"')
    assert refused(python).reason == f"toolchain.python={python}: it is Python 3.7; the oldest that does is 3.8."


def test_one_without_numpy_is_told_and_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path, symlinks=True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numpy.py").touch()  # of the working folder: nobody's library
    (tmp_path / "importlib.py").write_text("raise SystemExit('run')\n")
    python = tmp_path / "bin" / "python"
    error = refused(python)
    assert error.reason == f"toolchain.python={python}: it has no numpy."
    assert error.next_step == f"{python} -m pip install numpy"


@pytest.mark.parametrize(("code", "said"), [("exit 0", "exit code 0"), ("echo no licence >&2; exit 3", "no licence")])
def test_a_program_that_is_no_python_is_told(tmp_path: Path, code: str, said: str) -> None:
    python = sshd.interpreter(tmp_path, code)
    assert refused(python).reason == f"toolchain.python={python}: it is no Python: {said}."


@other_python.needed
def test_our_libraries_are_none_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "worker"))
    python = Interpreter(str(other_python.with_numpy()))
    with python.open_worker(tmp_path / "log", WorkerOptions("w", modules=("odd_code", "shutil"))) as worker:
        assert call(worker, "environment", name="PYTHONPATH") is None
    with zipfile.ZipFile(worker_zipapp.current(("odd_code", "shutil"))) as packed:
        assert {"odd_code.py", "shutil.py"} & set(packed.namelist()) == {"odd_code.py"}


def test_what_runs_there_can_open_workers_of_its_own(tmp_path: Path) -> None:
    asks = "runner.backends.worker_query"
    options = WorkerOptions("w", modules=(asks, "runner.transport.device"))
    with Interpreter(sys.executable).open_worker(tmp_path / "log", options) as worker:
        given = {"module": "os", "function": "getppid"}
        asked = worker.ask("call", timeout=60, module=asks, function="ask", arguments=given)
        assert asked == worker.ask("call", timeout=60, module="os", function="getpid")
