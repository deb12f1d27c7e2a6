"""Nothing that a worker started outlives it, nor the command: processes are found by a mark in their environment.

A worker dies with its parent (prctl(2)), and a kill takes its process group along. What it started may have left that
group (setsid(2)), or its parent (a double fork). All of it inherits the environment, whoever it says it is: /proc/PID/
environ (proc(5)) tells. The keeper is a process that sleeps until the command has ended, in whatever way, and then
kills what carries its mark and removes the command's temporary files. Linux only.

It runs as a script without site packages, so that it is there in 15 ms: it imports the standard library alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MARK = "RUNNER_WORKER"
ROUNDS = 100  # a process that forks while it is looked for is found in the next round
PAUSE_SECONDS = 0.01
START_SECONDS = 0.5  # in which a process that was just being started has got its own environment

_starting = threading.Lock()
_folders: dict[int, str] = {}  # by process: a fork has none of its parent's


def mark(name: int | str) -> dict[str, str]:
    """The environment that marks worker `name` of this process, or several of one name; the first starts the keeper."""
    with _starting:
        _start(os.getpid())
    return {MARK: f"{_token(os.getpid())}.{name}"}


def folder() -> Path:
    """A folder of this process alone for temporary files; the keeper removes it. Without a keeper it is the system's
    own place, in which a caller makes one of its own.

    Raises StepFailed where others may write to it.
    """
    import tempfile
    from pathlib import Path

    pid = os.getpid()
    with _starting:
        keeper = _start(pid)
        if keeper is None:
            return Path(tempfile.gettempdir())
        if not os.path.lexists(_folders.get(pid, "")):
            _folders[pid] = tempfile.mkdtemp(
                prefix="edge-"
            )  # its name is drawn when it is made: nobody can be there before
            _tell(keeper, _folders[pid])
        return _own(Path(_folders[pid]))


def _own(folder: Path) -> Path:
    from runner.core.errors import StepFailed

    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise StepFailed(
            f"{folder}: this temporary folder isn't yours alone (user {found.st_uid}, {stat.filemode(found.st_mode)}).",
            "Set TMPDIR to a folder of your own: export TMPDIR=$HOME/tmp",
        )
    return folder


def _tell(keeper: subprocess.Popen[bytes], folder: str) -> None:
    """What the keeper is to remove. It is not among its words, which everybody can read (/proc/PID/cmdline)."""
    assert keeper.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # somebody has killed it: the folder stays
        keeper.stdin.write(os.fsencode(folder) + b"\0")
        keeper.stdin.flush()


def kill_marked(value: str) -> None:
    """Kill every process whose mark is `value`, or begins with it where it ends in a dot."""
    wanted = f"\0{MARK}={value}".encode() + (b"" if value.endswith(".") else b"\0")
    for _ in range(ROUNDS):
        found = _carrying(wanted)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE_SECONDS)


def _carrying(wanted: bytes) -> list[int]:
    """Processes of ours with `wanted` in their environment; a zombie has none."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - half the cost of iterdir
    except FileNotFoundError:
        return []
    return [int(name) for name in names if name.isdigit() and wanted in _environment(name) and int(name) != os.getpid()]


def _environment(pid: str) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:  # noqa: PTH123
            return b"\0" + (file.read() or b"")
    except OSError:  # it has gone, or is somebody else's
        return b""


@lru_cache(maxsize=None)  # noqa: UP033 - on a device Python 3.8 has to do
def _token(pid: int) -> str:
    return f"{pid}-{os.urandom(8).hex()}"


@lru_cache(maxsize=None)  # noqa: UP033
def _start(pid: int) -> subprocess.Popen[bytes] | None:
    """The keeper of process `pid`, which is this one; it sees the end of its standard input when this one has ended."""
    if not sys.platform.startswith("linux"):
        return None
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, f"{_token(pid)}."],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},  # without a mark: no other keeper takes it for a worker's
        cwd="/",
        start_new_session=True,
    )


def main(value: str) -> None:
    """Sleep until whoever holds the other end of standard input has ended; then kill what is marked, and remove the
    folders that were named there."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    named = sys.stdin.buffer.read()
    kill_marked(value)
    time.sleep(START_SECONDS)
    kill_marked(value)
    import shutil

    for folder in named.split(b"\0")[:-1]:
        shutil.rmtree(os.fsdecode(folder), ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
