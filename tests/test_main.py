"""The front door: help, version, subcommands; light at start-up, and light for as long as a run takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner import __main__
from runner.__main__ import COMMANDS
from runner.spec import options
from runner.spec.schema import AXES
from tests import makefile
from tests.conftest import QUICK, REPOSITORY, Command

HEAVY = {"torch", "mlflow", "onnxruntime", "openvino", "sklearn", "matplotlib", "pandas"}
SITE = """
import atexit, os, sys
if "worker" not in "".join(sys.orig_argv):
    atexit.register(lambda: open(os.environ["LOADED"], "w").write("\\n".join(sys.modules)))
"""


def loaded(project: Path, *words: str) -> set[str]:
    """The top-level modules that the command's own process had imported when it ended."""
    site = project / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE)
    file = project / "modules"
    path = os.pathsep.join((str(site), str(REPOSITORY)))
    env = {**os.environ, "PYTHONPATH": path, "LOADED": str(file)}
    command = [sys.executable, "-m", "runner", *words]
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in file.read_text().splitlines()}


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["--version"]], ids=" ".join)
def test_help_imports_nothing_that_takes_time(tmp_path: Path, words: list[str]) -> None:
    assert not loaded(tmp_path, *words) & {*HEAVY, "hydra", "omegaconf", "numpy", "onnx", "scipy", "rich", "yaml"}


def test_a_plan_imports_no_runtime(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "plan", "model=gru") & HEAVY


@pytest.mark.slow
def test_the_runners_own_process_never_imports_what_its_workers_do(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "model=gru", "model.hidden=4", *QUICK) & HEAVY


def test_help_names_every_command_and_every_axis(command: Command) -> None:
    done = command("--help")
    assert (done.code, done.err) == (0, "")
    for word in (*COMMANDS, *AXES):
        assert f"\n  {word}" in done.out


@pytest.mark.parametrize("name", sorted({*COMMANDS} - {"help"}))
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help_of_its_own(capsys: pytest.CaptureFixture[str], name: str, flag: str) -> None:
    assert __main__.main([name, flag]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith(f"usage: python -m runner {name} ")


def test_the_bare_command_says_in_ten_lines_what_can_be_done_and_starts_nothing(
    command: Command, tmp_path: Path
) -> None:
    done = command()
    assert (done.code, done.err, len(done.out.splitlines())) == (0, "", 10)
    assert not list(tmp_path.iterdir())


def test_flags_alone_start_nothing_either(command: Command, tmp_path: Path) -> None:
    done = command("--fresh")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: No word says what to measure.")
    assert not list(tmp_path.iterdir())


def test_make_run_names_the_main_job_in_words_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "w -- ARGS=-x")  # as under `make test ARGS=-x`
    monkeypatch.setenv("ARGS", "-x")
    words = makefile.last_line("run").partition("-m runner ")[2].split()
    assert words == ["model=bilstm", "data=co2", "precision=int8_dynamic", "backend=onnxruntime"]
    assert all(name in options.names(axis, tmp_path) for axis, name in (word.split("=") for word in words))


def test_what_is_advised_names_the_command_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/home/me/.venv/bin/edge-runner", "mdel=gru"])
    assert __main__.main(["zzz"]) == 2
    assert capsys.readouterr().err == "error: zzz: no such command.\nSee edge-runner --help.\n"


def test_help_of_a_command_is_the_commands_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["help", "compare"]) == 0
    asked = capsys.readouterr().out
    assert __main__.main(["compare", "--help"]) == 0
    assert asked == capsys.readouterr().out
    assert asked.startswith("usage: ")


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    script = f"{sys.executable} -m runner --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_hydra_shows_the_composed_spec(command: Command, tmp_path: Path) -> None:
    done = command("--cfg", "job", "model=gru", "model.hidden=7")
    assert done.code == 0
    assert "hidden: 7" in done.out
    assert not list(tmp_path.iterdir())


SENDS = (
    "import atexit, os, signal, sys; from runner import __main__; "
    "from runner.core import console_streams as streams; sys.argv = ['r', '--version']; "
)
INTERRUPT = "lambda: os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize(
    ("when", "code", "said"),
    [
        (f"streams.finish = {INTERRUPT}", 130, ["error: Interrupted.", "What is finished is kept; t"]),
        (
            "streams.finish = lambda: exec('os.kill(os.getpid(), signal.SIGINT)')",
            130,
            ["error: Interrupted.", "What is finished is kept; t"],
        ),
        (f"atexit.register({INTERRUPT})", 0, []),
        (f"__main__.gc.freeze = {INTERRUPT}", 0, []),
    ],
)
def test_a_late_ctrl_c_is_told_in_two_lines_or_changes_nothing(
    tmp_path: Path, when: str, code: int, said: list[str]
) -> None:
    (tmp_path / "late.py").write_text(f"{SENDS}{when}; sys.exit(__main__.command())")
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    typed = [sys.executable, "-m", "late"]
    done = subprocess.run(typed, cwd=tmp_path, env=env, capture_output=True, text=True)
    lines = done.stderr.splitlines()
    assert (done.returncode, [line[:27] for line in lines]) == (code, said)
