"""Completion: the words that can end a line, and each shell's own script, typed into a real shell."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner import __main__
from runner.commands import COMMANDS, completion
from runner.commands.completion_words import candidates
from runner.core.errors import SpecError
from runner.spec import options
from runner.spec.schema import GROUPS, OWN_NAME, PART_CLASSES
from tests.conftest import REPOSITORY
from tests.test_main import HEAVY, loaded

SHELLS = {
    "bash": (["--norc", "-i"], "source <(edge-runner completion bash)"),
    "zsh": (["-f", "-i"], "autoload -U compinit; compinit -u -D; source <(edge-runner completion zsh)"),
    "fish": (["--no-config", "-i"], "edge-runner completion fish | source"),
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "tiny.yaml").write_text("# Mine.\nname: gru\nhidden: 4\n")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "night.yaml").write_text("sweep:\n  axes: {model: [gru]}\n")
    return tmp_path


def test_the_first_word_is_a_command_or_an_axis() -> None:
    parts = {f"{part}." for part in PART_CLASSES}
    axes = {f"{axis}=" for axis in (*GROUPS, "experiment", "seed")}
    assert {*candidates("edge-runner ")} == {*COMMANDS, *axes, *parts}
    assert candidates("edge-runner backend=torch mod") == ["model="]
    assert candidates("FOO=1 /opt/bin/edge-runner mod") == ["model="]


def test_an_axis_takes_every_option_that_there_is(project: Path) -> None:
    assert candidates("edge-runner model=") == [f"model={name}" for name in options.names("model", project)]
    assert candidates("edge-runner model=t") == ["model=tiny"]
    assert candidates("edge-runner experiment=n") == ["experiment=night"]
    assert candidates("edge-runner plan model=t") == ["model=tiny"]
    assert candidates("edge-runner show model=t") == ["model=tiny"]


def test_of_a_sweep_the_options_that_are_not_there_yet() -> None:
    assert candidates("edge-runner -m precision=fp32,fp") == ["precision=fp32,fp16"]


@pytest.mark.parametrize("axis", GROUPS)
def test_an_options_settings_are_those_of_its_rules(project: Path, axis: str) -> None:
    for name in options.names(axis, project):
        keys = [key for key in options.values(axis, name, project) if key not in ("name", OWN_NAME)]
        assert candidates(f"edge-runner {axis}={name} {axis}.") == sorted(f"{axis}.{key}=" for key in keys)


def test_without_a_word_the_settings_are_those_of_what_would_run() -> None:
    assert "data.path=" in candidates("edge-runner data=csv data.")
    assert candidates("edge-runner model=file data.") == candidates("edge-runner data=model_inputs data.")
    assert "limits.step_s=" in candidates("edge-runner limits.")


def test_a_settings_values_are_those_that_its_rule_lists() -> None:
    hints = ["backend.hint=latency", "backend.hint=none", "backend.hint=throughput"]
    assert candidates("edge-runner backend=openvino backend.hint=") == hints
    assert candidates("edge-runner data=csv data.relative=t") == ["data.relative=true"]
    assert candidates("edge-runner model.hidden=") == []
    assert candidates("edge-runner backend=no_such backend.threads=") == []


def test_a_path_is_a_file_or_goes_on(project: Path) -> None:
    (project / "my.onnx").touch()
    (project / ".hidden").touch()
    found = candidates("edge-runner model=onnx model.path=")
    assert found == ["model.path=conf/", "model.path=experiments/", "model.path=my.onnx"]
    assert candidates("edge-runner model=onnx model.path=./m") == ["model.path=./my.onnx"]


def test_a_record_is_named_where_one_is_asked_for(project: Path) -> None:
    for name in ("2026-a", ".sweeps"):
        (project / "records" / name).mkdir(parents=True)
    assert candidates("edge-runner report ") == ["2026-a"]


@pytest.mark.parametrize("name", sorted({*COMMANDS} - {"help"}))
def test_a_commands_flags_are_those_of_its_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert __main__.main([name, "--help"]) == 0
    told = re.findall(r"(?<![\w-])--[a-z][\w-]*", capsys.readouterr().out.partition("options:")[2])
    assert candidates(f"edge-runner {name} --") == sorted({*told})


def test_the_flags_of_a_run_are_those_of_its_parser() -> None:
    assert {*candidates("edge-runner --")} >= {"--json", "--fresh", "--strict", "--multirun", "--cfg", "--help"}
    assert "--config-name" not in candidates("edge-runner --")


def test_it_imports_nothing_that_takes_time(tmp_path: Path) -> None:
    heavy = {*HEAVY, "hydra", "omegaconf", "numpy", "onnx", "scipy", "rich", "yaml"}
    assert not loaded(tmp_path, "completion", "--words", "edge-runner backend=openvino backend.hint=") & heavy


def test_which_shell_is_asked_where_none_is_named() -> None:
    with pytest.raises(SpecError, match="which shell"):
        completion.main([])


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes(shell: str, project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the shell hands over, after the keys that complete it."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    bin = tmp_path_factory.mktemp("bin")
    script = bin / "edge-runner"
    ask = f'PYTHONPATH={REPOSITORY} exec {sys.executable} -m runner "$@"'
    script.write_text(
        f'#!/bin/bash\nif [ "$1" = completion ]; then {ask}; fi\n'
        f'printf "%s\\n" "$@" > {bin}/partial; mv {bin}/partial {bin}/"$#"\n'
    )
    script.chmod(0o755)
    flags, source = SHELLS[shell]
    assert source.rpartition("; ")[2] in (REPOSITORY / "docs" / "shell.md").read_text()
    typed = "edge-runner mod\tti\tback\topenv\tbackend.h\tlat\tprec\tfp32,int8_\t"
    env = {**os.environ, "PATH": f"{bin}:{os.environ['PATH']}", "TERM": "xterm", "HOME": str(bin)}
    in_terminal([shell, *flags], [f"{source}; edge-runner ready", typed], [bin / "1", bin / "4"], env)
    words = ["model=tiny", "backend=openvino", "backend.hint=latency", "precision=fp32,int8_dynamic"]
    assert (bin / "4").read_text().splitlines() == words


def in_terminal(command: list[str], lines: list[str], marks: list[Path], env: dict[str, str]) -> None:
    """Type each line, and wait for the file that it leaves."""
    ours, theirs = pty.openpty()
    own = ["setsid", "--ctty", *command]  # fish runs in no terminal but its own
    with subprocess.Popen(own, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as shell:
        os.close(theirs)
        for line, mark in zip(lines, marks, strict=True):
            os.write(ours, f"{line}\r".encode())
            shown = read_until(ours, mark)
            if not mark.exists():
                shell.kill()
                pytest.fail(f"{line!r} left nothing: {shown!r}")
        shell.kill()
    os.close(ours)


def read_until(terminal: int, mark: Path, seconds: float = 60) -> bytes:
    """What the terminal shows until `mark` is there."""
    shown, end = b"", time.monotonic() + seconds
    while not mark.exists() and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 65536)
    return shown
