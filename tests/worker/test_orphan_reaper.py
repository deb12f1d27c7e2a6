"""Nothing that a worker started outlives it, nor the command, wherever it went."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from runner.core.errors import StepFailed, StepTimeout
from runner.transport.local import Worker
from runner.worker import orphan_reaper
from tests.transport.commands import environment, killed, opening
from tests.transport.test_local import call, gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc/PID/environ")

KINDS = ("start_child", "start_session", "start_orphan")


@pytest.mark.parametrize("kind", KINDS)
def test_closing_a_worker_ends_what_it_started(worker: Worker, kind: str) -> None:
    child = call(worker, kind)
    assert not gone(child, 1)
    worker.close()
    assert gone(child)


@pytest.mark.parametrize("kind", KINDS)
def test_a_late_worker_takes_what_it_started_along(worker: Worker, kind: str) -> None:
    child = call(worker, kind)
    with pytest.raises(StepTimeout):
        call(worker, "sleep", timeout=0.1, seconds=600)
    assert gone(child)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_outlives_a_command_that_is_killed(tmp_path: Path, kind: str) -> None:
    command = opening(tmp_path, f"print(w.pid, ask({kind!r}), flush=True); ask('sleep', seconds=600)")
    assert [gone(int(pid)) for pid in killed(command).split()] == [True, True]


def test_a_kill_of_the_commands_whole_group_leaves_nothing(tmp_path: Path) -> None:
    command = opening(tmp_path, "print(w.pid, ask('start_session'), flush=True); os.killpg(0, signal.SIGKILL)")
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True, timeout=60
    )
    assert [gone(int(word)) for word in done.stdout.split()] == [True, True]


@pytest.mark.parametrize("after", ["input()", "pass"], ids=["killed", "ended"])
def test_temporary_files_go_with_their_command(tmp_path: Path, after: str) -> None:
    code = f"from runner.worker import orphan_reaper as keeper; print(keeper.folder(), flush=True); {after}"
    place = Path(killed([sys.executable, "-c", code], TMPDIR=str(tmp_path)))
    assert place.parent == tmp_path
    deadline = time.monotonic() + 30
    while place.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_folder_for_temporary_files_has_a_name_that_nobody_is_told(tmp_path: Path) -> None:
    code = (
        "import os, psutil; from runner.worker import orphan_reaper as keeper; keeper.mark('x'); "
        "print([one.cmdline() for one in psutil.Process().children()]); print(keeper.folder(), keeper.folder())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    words, folders = done.stdout.splitlines()
    first, second = folders.split()
    assert first == second
    assert first not in words
    assert Path(first).name.removeprefix("edge-") not in words


def test_that_folder_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(orphan_reaper, "_folders", {})
    place = orphan_reaper.folder()
    assert (place.stat().st_uid, stat.S_IMODE(place.stat().st_mode)) == (os.geteuid(), 0o700)
    place.chmod(0o777)
    with pytest.raises(StepFailed, match=r"isn't yours alone \(user \d+, drwxrwxrwx\)"):
        orphan_reaper.folder()
    place.rmdir()
    again = orphan_reaper.folder()
    assert again != place
    again.rmdir()
    again.symlink_to(tmp_path)
    with pytest.raises(StepFailed, match="isn't yours alone"):
        orphan_reaper.folder()


def test_another_workers_processes_are_left_alone() -> None:
    other = subprocess.Popen(["sleep", "60"], env={**os.environ, orphan_reaper.MARK: "1-ab.12"})
    try:
        orphan_reaper.kill_marked("1-ab.1")
        orphan_reaper.kill_marked("1-a")
        assert other.poll() is None
        orphan_reaper.kill_marked("1-ab.")
        assert other.wait(10) == -9
    finally:
        other.kill()
        other.wait()
