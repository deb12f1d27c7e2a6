"""The one folder outside of projects is the user's alone, also where others could have put it there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from runner.core.errors import StepFailed
from runner.execution import device_locks
from runner.worker import receiver

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to which everybody writes, in which ours is to lie."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_it_is_made_for_the_user_alone(shared: Path) -> None:
    assert receiver.home() == shared / "edge-runner"
    assert mode(shared / "edge-runner") == 0o700


def test_one_of_ours_is_closed_to_other_writers(shared: Path) -> None:
    (shared / "edge-runner").mkdir()
    (shared / "edge-runner").chmod(0o775)
    assert mode(receiver.home()) == 0o755


@root
def test_one_that_somebody_else_has_put_there_is_refused_in_words(shared: Path) -> None:
    (shared / "edge-runner").mkdir()
    os.chown(shared / "edge-runner", 12345, -1)
    with pytest.raises(FileExistsError, match="belongs to user 12345, in a folder to which others write"):
        receiver.home()
    with pytest.raises(StepFailed) as caught, device_locks.locked_here("local", print, 60.0):
        pass
    assert caught.value.reason == f"{shared}/edge-runner: belongs to user 12345, in a folder to which others write."
    assert caught.value.next_step == "Set XDG_CACHE_HOME to a folder that you alone may write to."


@root
def test_a_home_folder_of_another_user_is_used_where_only_its_owner_writes(shared: Path) -> None:
    """As a container does that runs as root on a mounted home."""
    (shared / "edge-runner").mkdir()
    os.chown(shared / "edge-runner", 12345, -1)
    shared.chmod(0o755)
    assert receiver.home() == shared / "edge-runner"


def test_a_place_where_nothing_can_be_made_is_told_by_whoever_writes_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert receiver.home() == tmp_path / "file" / "edge-runner"
    with pytest.raises(StepFailed, match="no folder for locks"), device_locks.locked_here("local", print, 60.0):
        pass
