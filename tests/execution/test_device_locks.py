"""A device measures one thing at a time, devices measure alongside; who waits is told for whom."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout

from runner.core.errors import RunnerError, StepFailed, StepTimeout
from runner.execution import device_locks
from runner.worker import device_lock
from tests.conftest import REPOSITORY

HOLDER = """
import sys
from runner.execution import device_locks as device
from runner.worker import device_lock as alone
sys.argv = ["/somewhere/runner/__main__.py", "-m", "model=gru"]
with device.locked_here(sys.stdin.readline().strip(), lambda text: print(text, flush=True), 60.0):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "edge-runner" / "locks"


@contextmanager
def another_command(name: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the device `name` until it is told to go on."""
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{name}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def once_told(told: list[str], do: Callable[[], None]) -> threading.Thread:
    """Does it when something has been told."""

    def wait() -> None:
        while not told:
            time.sleep(0.02)
        do()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_who_waits_is_told_for_whom_and_goes_on_when_that_has_ended() -> None:
    told: list[str] = []
    with another_command("local") as other:
        done = once_told(told, lambda: os.kill(other.pid, signal.SIGKILL))
        with device_locks.locked_here("local", told.append, 60.0):
            assert other.wait(10) == -signal.SIGKILL
        done.join()
    who = f"pid {other.pid}: python -m runner -m model=gru (in {Path.cwd()})"
    assert told == [f"local measures for {who}: waiting until it is free."]


class Elsewhere:
    """A device whose worker is this process."""

    name = "ssh:pi"

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        return getattr(import_module(module), function)(**arguments)


def test_on_a_device_elsewhere_its_own_lock_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_locks, "ASK_SECONDS", 0.05)
    told: list[str] = []
    with another_command("local") as other:
        done = once_told(told, lambda: os.kill(other.pid, signal.SIGKILL))
        with device_locks.locked_there(Elsewhere(), told.append, 60.0):  # type: ignore[arg-type]
            assert other.wait(10) == -signal.SIGKILL
        done.join()
    who = f"pid {other.pid}: python -m runner -m model=gru (in {Path.cwd()})"
    assert told == [f"ssh:pi measures for {who}: waiting until it is free."]


class AlwaysHeld:
    """One that says for ever that somebody measures on it."""

    name = "ssh:pi"

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        return {"host": "\x1b[31m", "pid": [], "command": "x", "folder": {}} if function == "acquire" else None


def test_a_device_that_never_becomes_free_is_not_waited_for_longer_than_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_locks, "ASK_SECONDS", 0.01)
    told: list[str] = []
    with pytest.raises(StepTimeout) as raised, device_locks.locked_there(AlwaysHeld(), told.append, 0.05):  # type: ignore[arg-type]
        pytest.fail("it is not free")
    assert raised.value.reason == "ssh:pi measures for pid [] on \x1b[31m: x (in {}), as it said for 0.05 s."
    assert "limits.step_s" in raised.value.next_step
    assert len(told) == 1


def test_this_machine_is_not_waited_for_longer_than_a_step_either() -> None:
    """A command that was stopped (Ctrl-Z) while it measures holds it for ever."""
    told: list[str] = []
    with another_command("local") as other:
        with pytest.raises(StepTimeout) as raised, device_locks.locked_here("local", told.append, 0.05):
            pytest.fail("it is not free")
        who = f"pid {other.pid}: python -m runner -m model=gru (in {Path.cwd()})"
        assert raised.value.reason == f"local measures for {who} for longer than 0.05 s."
    assert len(told) == 1


def test_who_measures_on_a_device_keeps_others_off_it_until_the_end(locks: Path) -> None:
    with device_locks.locked_there(Elsewhere(), print, 60.0):  # type: ignore[arg-type]
        lock = FileLock(next(locks.glob("*-local.lock")))
        with pytest.raises(Timeout):
            lock.acquire(timeout=0)
    with lock.acquire(timeout=0):
        pass


def test_a_device_that_is_this_machine_is_not_waited_for() -> None:
    with device_locks.locked_here("local", print, 60.0), device_locks.locked_there(Elsewhere(), pytest.fail, 60.0):  # type: ignore[arg-type]
        pass


def test_another_host_name_on_the_same_machine_waits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container has a host name of its own, and perhaps the same home folder."""
    told: list[str] = []
    with another_command("local") as other:
        monkeypatch.setattr(platform, "node", lambda: "another")
        done = once_told(told, lambda: os.kill(other.pid, signal.SIGKILL))
        with device_locks.locked_here("local", told.append, 60.0):
            assert other.wait(10) == -signal.SIGKILL
        done.join()
    assert "waiting until it is free" in told[0]


def test_a_system_without_a_boot_id_is_told_by_its_host_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_lock, "BOOT", tmp_path / "none")
    monkeypatch.setattr(platform, "node", lambda: "mac")
    assert device_lock.lock_of("local").name == "mac-local.lock"


def test_any_address_makes_a_name_of_a_lock(locks: Path) -> None:
    for name in ("ssh:" + "a" * 250, "ssh:[fe80::1%eth0]:22"):
        with device_locks.locked_here(name, print, 60.0):
            assert len(list(locks.glob("*.json"))) == 1


def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(Path, "home", _no_home)
    with pytest.raises(StepFailed, match="HOME is not set") as raised, device_locks.locked_here("local", print, 60.0):
        pass
    assert "XDG_CACHE_HOME" in raised.value.next_step


def _no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


def test_a_cache_folder_that_is_not_absolute_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert device_lock.folder() == tmp_path / ".cache" / "edge-runner" / "locks"


def test_another_device_is_free() -> None:
    told: list[str] = []
    with another_command("board"), device_locks.locked_here("local", told.append, 60.0):
        assert told == []


def test_a_lock_leaves_no_holder_behind(locks: Path) -> None:
    with device_locks.locked_here("local", print, 60.0):
        assert len(list(locks.glob("*.json"))) == 1
    assert not list(locks.glob("*.json"))


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(RunnerError, match="no folder for locks"), device_locks.locked_here("local", print, 60.0):
        pass


def test_items_of_a_device_keep_their_order() -> None:
    assert device_locks.grouped(["a1", "b1", "a2"], lambda item: item[0]) == {"a": ["a1", "a2"], "b": ["b1"]}


def test_devices_work_at_the_same_time_and_a_device_does_one_thing_at_a_time() -> None:
    both, busy = threading.Barrier(2, timeout=10), {"a": threading.Lock(), "b": threading.Lock()}

    def work(item: str) -> str:
        assert busy[item[0]].acquire(blocking=False)
        both.wait()  # passed only where the other device is here too
        busy[item[0]].release()
        return item.upper()

    assert device_locks.run_by_device({"a": ["a1", "a2"], "b": ["b1", "b2"]}, work) == {
        "a": ["A1", "A2"],
        "b": ["B1", "B2"],
    }


def test_one_device_needs_no_thread() -> None:
    assert device_locks.run_by_device({"a": [1, 2]}, lambda item: threading.current_thread()) == {
        "a": [threading.main_thread(), threading.main_thread()]
    }


def test_what_one_device_raises_is_raised() -> None:
    def work(item: str) -> str:
        raise RunnerError(item)

    with pytest.raises(RunnerError, match="broken"):
        device_locks.run_by_device({"a": ["broken"], "b": ["broken"]}, work)


def test_threads_of_one_command_wait_for_each_other_as_long_as_that_takes() -> None:
    held, times = threading.Event(), []

    def hold() -> None:
        with device_locks.locked_here("local", pytest.fail, 0.05):
            held.set()
            time.sleep(0.5)
            times.append("first")

    first = threading.Thread(target=hold)
    first.start()
    held.wait()
    with device_locks.locked_here("local", pytest.fail, 0.05):
        times.append("second")
    first.join()
    assert times == ["first", "second"]
