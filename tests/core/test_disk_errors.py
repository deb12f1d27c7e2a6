"""A disk that is full or can't be written: told with what to do, and nothing half-written counts as finished."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from runner.artifacts import store
from runner.commands import plan as plan_command
from runner.core.disk_errors import room
from runner.core.errors import SpecError, StepFailed
from runner.results import records
from runner.tracking import mlflow_store as tracking
from tests.conftest import QUICK, REPOSITORY, Ended
from tests.core.test_errors import bound_by_permissions

WORDS = ("model=gru", "model.hidden=4", "precision=fp32", "baseline=none", *QUICK)

pytestmark = pytest.mark.slow


@cache
def own_mounts() -> list[str]:
    """The command that gives a process mounts of its own (unshare(1)); empty where this user may have none."""
    tool = shutil.which("unshare")
    for command in ([tool, "--mount"], [tool, "--mount", "--map-root-user"]) if tool else ():
        tried = subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
        if tried.returncode == 0:
            return [str(word) for word in command]
    return []


def ended(command: list[str], project: Path, **options: object) -> Ended:
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload]
    return Ended(done.returncode, done.stdout, done.stderr)


def runner(*words: str) -> list[str]:
    return [sys.executable, "-m", "runner", *words]


def mounted(project: Path, mount: str, *words: str, after: str = "true") -> Ended:
    """The command in `project`, on what `mount` puts there; `after` runs when it has ended ($0 is the project)."""
    return scripted(project, f'{mount} && cd "$0" && {{ "$@"; code=$?; {after}; exit $code; }}', *words)


def scripted(project: Path, script: str, *words: str) -> Ended:
    """The script with mounts of its own; $0 is the project, "$@" the command."""
    if not own_mounts():
        pytest.skip("no mounts of one's own here; the tests with a limit and with permissions cover failing writes")
    return ended([*own_mounts(), "sh", "-c", script, str(project), *runner(*words)], project)


def twice(project: Path, mount: str, mended: str, *words: str) -> tuple[Ended, Ended]:
    """The command after `mount`, and again after `mended` ($0 is the project); what is there then is copied to `kept`
    beside the project."""
    first, kept = project.parent / "first", project.parent / "kept"
    again = f'{mended} && "$@"; code=$?; cp -a "$0" "{kept}"; exit $code'
    command = f'{mount} && cd "$0" && {{ "$@" > "{first}.out" 2> "{first}.err"; echo $? > "{first}.code"; {again}; }}'
    second = scripted(project, command, *words)
    said = {what: (project.parent / f"first.{what}").read_text() for what in ("code", "out", "err")}
    return Ended(int(said["code"]), said["out"], said["err"]), second


SWEEP = ("-m", "model=gru,lstm", "model.hidden=4", "precision=fp32", "baseline=none", "schedule=local", *QUICK)


def assert_finished(first: Ended, second: Ended, kept: Path) -> None:
    """The second command finished what the first, which had failed, had begun."""
    assert first.code == 5, first.err
    assert "Traceback" not in first.out + first.err + second.out + second.err
    assert second.code == 0, second.err
    assert [record.content["status"] for record in records.read_all(kept)][-2:] == ["ok", "ok"]
    assert_nothing_half(kept)


def test_a_sweep_on_a_disk_that_fills_up_is_finished_by_the_same_command(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    first, second = twice(project, 'mount -t tmpfs -o size=700k none "$0"', 'mount -o remount,size=400m "$0"', *SWEEP)
    assert "no space left on the disk" in first.err
    assert_finished(first, second, tmp_path / "kept")


def test_a_sweep_on_a_store_that_can_only_be_read_is_finished_once_it_can_be_written(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'
    first, second = twice(project, mount, 'mount -o remount,rw,bind "$0"', *SWEEP)
    assert "the file system is read-only" in first.err
    assert_finished(first, second, tmp_path / "kept")


def assert_told(done: Ended, what: str) -> None:
    assert done.code == 5, done.err
    assert f": {what}." in done.err, done.err
    assert "Traceback" not in done.out + done.err
    assert "exit code 1" not in done.err


def assert_nothing_half(project: Path) -> None:
    """What has an artifact's place is whole; no draft is left beside it, of an artifact or of a record."""
    steps = [path for path in (project / "artifacts").iterdir() if path.name[0] != "."]
    places = [path for step in steps for path in step.iterdir()]
    assert [path for path in places if path.name[0] == "."] == []
    assert [store.damage(store.read(path)) for path in places] == [""] * len(places)
    assert not list(project.glob("records/.*"))


@pytest.mark.parametrize("kib", [100, 700])
def test_a_full_disk(tmp_path: Path, kib: int) -> None:
    """Full during the data step, and during training."""
    project, kept = tmp_path / "project", tmp_path / "kept"
    project.mkdir()
    mount = f'mount -t tmpfs -o size={kib}k none "$0"'
    done = mounted(project, mount, *WORDS, after=f'cp -a "$0" "{kept}"')
    assert_told(done, "no space left on the disk")
    assert_nothing_half(kept)


def test_a_disk_that_can_only_be_read(tmp_path: Path) -> None:
    done = mounted(tmp_path, 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"', *WORDS)
    assert_told(done, "the file system is read-only")
    assert len(done.err.splitlines()) == 2
    assert not list(tmp_path.iterdir())


def test_plan_needs_no_disk(tmp_path: Path) -> None:
    done = mounted(tmp_path, 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"', "plan", "model=gru")
    assert done.code == 0, done.err


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    done = ended(runner(*WORDS), tmp_path, preexec_fn=bound_by_permissions)
    tmp_path.chmod(0o755)
    assert_told(done, "no permission")
    assert len(done.err.splitlines()) == 2
    assert not list(tmp_path.iterdir())


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    blocks = 200  # of 512 bytes
    done = ended(["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *runner(*WORDS)], tmp_path)
    assert_told(done, "the file may grow no further")
    assert_nothing_half(tmp_path)


def test_few_open_files(tmp_path: Path) -> None:
    done = ended(["sh", "-c", 'ulimit -n 16; exec "$@"', "sh", *runner(*WORDS)], tmp_path)
    assert "too many open files" in done.err
    assert done.code == 5
    assert "ulimit -n 1024" in done.out + done.err  # beside the record, where it came as far as that
    assert "bug" not in done.out + done.err


@pytest.mark.parametrize("words", ["model=NAME", "model=onnx model.path=NAME", "experiment=NAME"])
def test_a_name_that_no_file_system_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    long = words.replace("NAME", "n" * 300).split()
    with pytest.raises(SpecError, match="the name is too long"), room(tmp_path):
        plan_command.main(long)


def test_a_project_path_that_sqlite_does_not_take_is_said(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 200) / ("e" * 200) / ("f" * 200)
    deep.mkdir(parents=True)
    with pytest.raises(StepFailed, match="SQLite takes 490"):
        tracking.open_store(deep)
