"""No module of the working folder is run in the place of a library's, neither by the command nor by what it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.core import process_start
from runner.transport import ssh_transfer
from runner.transport.local import open_worker
from tests.conftest import QUICK, REPOSITORY

NAMES = (
    "yaml",
    "json",
    "numpy",
    "argparse",
    "typing",
    "hydra",
    "omegaconf",
    "resource",
    "shutil",
    "subprocess",
    "__future__",
)
PWNED = "open({mark!r}, 'a').write(__name__ + ' '); raise RuntimeError('the project was imported')"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A project whose files are named as modules that we import."""
    (tmp_path / "runner.toml").touch()
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(PWNED.format(mark=str(tmp_path / "pwned")))
    (tmp_path / "hydra_plugins").mkdir()
    (tmp_path / "hydra_plugins" / "__init__.py").write_text(PWNED.format(mark=str(tmp_path / "pwned")))
    return tmp_path


def run(project: Path, *words: str, path: str = str(REPOSITORY)) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}
    return subprocess.run(
        [sys.executable, *words], cwd=project, env=env, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize("path", [str(REPOSITORY), f"{REPOSITORY}:", f":{REPOSITORY}"], ids=["set", "ends", "begins"])
def test_the_command_imports_nothing_of_the_project(hostile: Path, path: str) -> None:
    done = run(hostile, "-m", "runner", "plan", "-m", "model=gru,lstm", path=path)
    assert done.returncode == 0, done.stderr
    assert not (hostile / "pwned").exists()


@pytest.mark.slow
def test_a_whole_run_imports_nothing_of_the_project(hostile: Path) -> None:
    (hostile / "runner.py").write_text(PWNED.format(mark=str(hostile / "pwned")))  # only workers can do without it
    words = ("model=gru", "model.hidden=4", *QUICK, "telemetry.interval_ms=50")
    done = run(hostile, "-c", "import sys; sys.path.pop(0); from runner.__main__ import main; sys.exit(main())", *words)
    assert done.returncode == 0, done.stderr
    assert not (hostile / "pwned").exists()


def test_a_worker_has_no_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shlex.py").write_text("raise RuntimeError('imported')")
    with open_worker(tmp_path / "log", name="one") as worker:
        answer = worker.ask("call", timeout=60, module="shlex", function="quote", arguments={"s": "a b"})
    assert answer == "'a b'"


def test_what_the_users_own_pythonpath_names_stays(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("print('mine')")
    said = "from runner.core import process_start as start; start.drop_working_folder(); import mine"
    assert run(tmp_path, "-c", said, path=f"{REPOSITORY}{os.pathsep}{tmp_path}").stdout == "mine\n"
    assert "ModuleNotFoundError" in run(tmp_path, "-c", said).stderr


def test_a_module_is_started_with_its_arguments_and_our_own_files_are_no_modules(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "shown.py").write_text("import sys, keys\nprint(sys.argv[1:], __name__)")
    (tmp_path / "lib" / "keys.py").write_text("print('the library')")  # there is a runner/core/hashing.py
    done = run(tmp_path, *process_start.command("shown", "a", "--b")[1:], path=str(tmp_path / "lib"))
    assert done.stdout == "the library\n['a', '--b'] __main__\n", done.stderr


def test_a_source_folder_needs_no_installing(tmp_path: Path) -> None:
    code = "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]; from runner import __main__"
    (tmp_path / "runner").symlink_to(REPOSITORY / "runner")
    done = run(tmp_path, "-S", "-c", f"{code}; print(__main__.COMMANDS['help'])", path="")
    assert done.stdout == "this page\n", done.stderr


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    script = f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m runner plan model=gru"
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.splitlines()[-2]) == (2, "error: The working folder no longer exists.")


def test_what_is_sent_to_a_device_imports_nothing_of_the_folder_there(tmp_path: Path) -> None:
    (tmp_path / "colorsys.py").write_text("raise RuntimeError('imported')")
    done = run(tmp_path, "-c", ssh_transfer.START, "import colorsys; print(colorsys.__name__, sys.argv[1:])", "a")
    assert done.stdout == "colorsys ['a']\n", done.stderr
