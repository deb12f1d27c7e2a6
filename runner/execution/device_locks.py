"""A device measures one thing at a time; devices measure alongside each other.

The lock is a file of the user's, outside every project: commands of two projects on one machine wait for each other.
For a device elsewhere that machine's own lock is taken, too: a runner there and other hosts wait as well.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from filelock import FileLock, Timeout

from runner.core.disk_errors import room
from runner.core.errors import RunnerError, StepFailed, StepTimeout
from runner.planning.graph import Cell
from runner.spec import hardware
from runner.transport import devices
from runner.worker import device_lock
from runner.worker.device_lock import lock_of

if TYPE_CHECKING:
    from runner.transport.device import Device

T = TypeVar("T")
R = TypeVar("R")

LOCAL = hardware.LOCAL
ELSEWHERE = "Set XDG_CACHE_HOME to a folder that you alone may write to."
SAY_AFTER_SECONDS = 0.5
POLL_SECONDS = 0.25  # between two tries; whoever measures is not to notice
ASK_SECONDS = 2.0  # the same of a device elsewhere
_threads: dict[str, threading.RLock] = {}  # of this process, by device


def device_of(cell: Cell) -> str:
    """The device on which a cell's candidate is measured: `local` is this machine, `ssh:pi` one over ssh."""
    return hardware.name_of(cell.candidate.spec.hardware.settings)


def devices_of(cell: Cell) -> list[str]:
    """The devices that a cell needs: the baseline's may be another. Sorted, so that nobody waits crosswise."""
    return sorted(_devices(cell))


def _devices(cell: Cell) -> dict[str, Any]:
    """`{device: the settings that say how it is reached}`."""
    each = (chain.spec.hardware.settings for chain in cell.chains)
    return {hardware.name_of(settings): settings for settings in each}


def grouped(items: Sequence[T], device: Callable[[T], str]) -> dict[str, list[T]]:
    """The items of each device, in their order."""
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(device(item), []).append(item)
    return groups


def run_by_device(groups: Mapping[str, Sequence[T]], work: Callable[[T], R]) -> dict[str, list[R]]:
    """`work` done on every item: those of a device one after the other, the devices at the same time.

    One device needs no thread. Raises what `work` raised first, once the other devices are through with their item.
    """
    if len(groups) <= 1:
        return {device: [work(item) for item in items] for device, items in groups.items()}
    found: dict[str, list[R]] = {device: [] for device in groups}
    errors: list[BaseException] = []

    def go(device: str) -> None:
        try:
            for item in groups[device]:
                if errors:
                    return
                found[device].append(work(item))
        except BaseException as error:
            errors.append(error)

    # Daemons: Ctrl-C ends the command, not the item in hand; workers die with the thread that opened them.
    threads = [threading.Thread(target=go, args=(device,), name=f"device {device}", daemon=True) for device in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return found


@contextmanager
def locked(cell: Cell, say: Callable[[str], None]) -> Iterator[None]:
    """Holds the locks of all devices that a cell needs, waits for whoever has one, and says for whom.

    Raises StepFailed where the folder of locks can't be written, Unavailable where a device can't be reached,
    StepTimeout where others have one for longer than a step may take (`limits.step_s`).
    """
    with all_locked(_devices(cell), say, cell.candidate.spec.limits.step_s):
        yield


@contextmanager
def all_locked(named: Mapping[str, Any], say: Callable[[str], None], seconds: float) -> Iterator[None]:
    """`locked` for devices, given as `{name: settings}`."""
    with ExitStack() as stack:
        for name, settings in sorted(named.items()):
            stack.enter_context(locked_here(name, say, seconds))
            if name != LOCAL:
                stack.enter_context(locked_there(devices.device_of(settings), say, seconds))
        yield


def lock_again(cell: Cell, say: Callable[[str], None]) -> None:
    """Inside `locked`: locks again what was lost with a connection; costs a question to each device elsewhere."""
    for name, settings in sorted(_devices(cell).items()):
        if name != LOCAL:
            _acquire_there(devices.device_of(settings), say, cell.candidate.spec.limits.step_s)


@contextmanager
def locked_here(device: str, say: Callable[[str], None], seconds: float) -> Iterator[None]:
    """Holds this machine's lock for the device; waits so many seconds for whoever has it, and says for whom. Threads of
    this command wait for each other as long as that takes: each is held to its own limit.

    Raises StepFailed where the lock's folder can't be written, StepTimeout.
    """
    with _threads.setdefault(device, threading.RLock()), _locked_for_all(device, say, seconds):
        yield


@contextmanager
def _locked_for_all(device: str, say: Callable[[str], None], seconds: float) -> Iterator[None]:
    path = _lock_of(device)
    home, holder = path.parent, path.with_suffix(".json")
    lock = FileLock(path, poll_interval=POLL_SECONDS)
    _make_folder(home)
    with room(home):
        _acquire_here(lock, device, say, seconds)
    try:
        with room(home):
            holder.write_text(json.dumps(_this_command()))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _make_folder(home: Path) -> None:
    """The folder of locks. Raises StepFailed where there can be none."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise StepFailed(f"{home}: no folder for locks: a file is in its way.", ELSEWHERE) from error
    except OSError as error:
        raise StepFailed(f"{home}: no folder for locks: {error.strerror}.", ELSEWHERE) from error


def _lock_of(device: str) -> Path:
    try:
        return lock_of(device)
    except FileExistsError as error:
        raise StepFailed(f"{error.filename}: {error.strerror}.", ELSEWHERE) from error
    except RuntimeError as error:  # pathlib's
        raise StepFailed(
            f"No folder for locks: HOME is not set, and the system knows no home folder of user {os.getuid()}.",
            ELSEWHERE,
        ) from error


def _acquire_here(lock: FileLock, device: str, say: Callable[[str], None], seconds: float) -> None:
    try:
        lock.acquire(timeout=min(SAY_AFTER_SECONDS, seconds))
    except Timeout:
        say(f"{_measures(device, lock_of(device))}: waiting until it is free.")
        try:
            lock.acquire(timeout=seconds)
        except Timeout as error:
            raise _too_late(f"{_measures(device, lock_of(device))} for longer than {seconds:g} s.") from error


def _measures(device: str, lock: Path) -> str:
    return f"{device} measures for {_who(device_lock.holder(lock))}"


def _too_late(reason: str) -> StepTimeout:
    return StepTimeout(reason, "End it, wait for it, or wait longer: limits.step_s=…")


@contextmanager
def locked_there(device: Device, say: Callable[[str], None], seconds: float) -> Iterator[None]:
    """Holds the device's own lock, which a runner there takes, and those of other hosts; waits for so many seconds.

    Raises StepTimeout.
    """
    _acquire_there(device, say, seconds)
    try:
        yield
    finally:
        with suppress(RunnerError):  # where the connection is lost, its end of the lock is, too
            device.call(device_lock.__name__, "release")


def _acquire_there(device: Device, say: Callable[[str], None], seconds: float) -> None:
    me, told, end = _this_command(), False, time.monotonic() + seconds
    # This command itself has it where the device is this machine.
    while (holder := device.call(device_lock.__name__, "acquire", about=me)) not in (None, me):
        measures = f"{device.name} measures for {_who(holder)}"
        if time.monotonic() > end:
            raise _too_late(f"{measures}, as it said for {seconds:g} s.")
        if not told:
            say(f"{measures}: waiting until it is free.")
            told = True
        time.sleep(ASK_SECONDS)


def _this_command() -> dict[str, Any]:
    return {"host": platform.node(), "pid": os.getpid(), "command": _command(), "folder": str(Path.cwd())}


def _command() -> str:
    program = Path(sys.argv[0])
    return " ".join(["python -m runner" if program.name == "__main__.py" else program.name, *sys.argv[1:]])


def _who(said: Mapping[str, Any]) -> str:
    """`pid 4711: python -m runner -m model=gru,lstm (in /home/me/study)`, with the host where it is another."""
    try:
        where = "" if said["host"] == platform.node() else f" on {said['host']}"
        return f"pid {said['pid']}{where}: {said['command']} (in {said['folder']})"
    except KeyError:
        return "another command"
