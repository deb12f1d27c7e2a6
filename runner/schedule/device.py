"""A device measures one thing at a time; devices measure alongside each other.

The lock is a file of the user's, outside every project: commands of two projects on one machine wait for each other.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from runner import devices
from runner.disk import room
from runner.errors import StepFailed
from runner.plan import Cell

T = TypeVar("T")
R = TypeVar("R")

LOCAL = devices.LOCAL
WORD_SECONDS = 0.5  # of waiting, before it is said
POLL_SECONDS = 0.25  # between two tries; whoever measures is not to notice


def of(cell: Cell) -> str:
    """The device on which a cell's candidate is measured: `local` is this machine, `ssh:pi` one over ssh."""
    return devices.name_of(cell.candidate.spec.hardware.settings)


def all_of(cell: Cell) -> list[str]:
    """The devices that a cell needs: the baseline's may be another. Sorted, so that nobody waits crosswise."""
    chains = filter(None, (cell.candidate, cell.baseline))
    return sorted({devices.name_of(chain.spec.hardware.settings) for chain in chains})


def grouped(items: Sequence[T], device: Callable[[T], str]) -> dict[str, list[T]]:
    """The items of each device, in their order."""
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(device(item), []).append(item)
    return groups


def alongside(groups: Mapping[str, Sequence[T]], work: Callable[[T], R]) -> dict[str, list[R]]:
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


def folder() -> Path:
    """Where this user's locks lie. A home folder that machines share has one lock of each."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "edge-runner" / "locks"


@contextmanager
def held(cell: Cell, say: Callable[[str], None]) -> Iterator[None]:
    """Holds the locks of all devices that a cell needs; see `alone`."""
    with ExitStack() as stack:
        for name in all_of(cell):
            stack.enter_context(alone(name, say))
        yield


@contextmanager
def alone(device: str, say: Callable[[str], None]) -> Iterator[None]:
    """Holds the device's lock; waits for whoever has it, and says for whom.

    Raises StepFailed where the lock's folder can't be written.
    """
    home = folder()
    holder = home / f"{platform.node()}-{device}.json"
    lock = FileLock(holder.with_suffix(".lock"), poll_interval=POLL_SECONDS)
    with room(home):
        try:
            home.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise StepFailed(f"{home}: no folder for locks: a file is in its way.", "Set XDG_CACHE_HOME.") from error
        _acquire(lock, device, holder, say)
    try:
        with room(home):
            holder.write_text(json.dumps({"pid": os.getpid(), "command": _command(), "folder": str(Path.cwd())}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, device: str, holder: Path, say: Callable[[str], None]) -> None:
    try:
        lock.acquire(timeout=WORD_SECONDS)
    except Timeout:
        say(f"{device} measures for {_who(holder)}: waiting until it is free.")
        lock.acquire()


def _command() -> str:
    program = Path(sys.argv[0])
    return " ".join(["python -m runner" if program.name == "__main__.py" else program.name, *sys.argv[1:]])


def _who(holder: Path) -> str:
    """`pid 4711: python -m runner -m model=gru,lstm (in /home/me/study)`."""
    try:
        said = json.loads(holder.read_text(encoding="utf-8"))
        return f"pid {said['pid']}: {said['command']} (in {said['folder']})"
    except (OSError, ValueError, KeyError):
        return "another command"  # it has just got the lock, or is just giving it back
