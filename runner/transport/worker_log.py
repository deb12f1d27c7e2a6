"""What a worker's libraries print, kept in a file: so much of it, and no faster than the disk can bear.

A pipe of the kernel's holds what is printed. It is emptied every PAUSE_SECONDS: a flood waits there, a word does not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from pathlib import Path
from typing import IO

LARGEST = 16_000_000  # bytes of a log
PIPE = 1 << 20  # with PAUSE_SECONDS 50 MB a second, which no library prints that does anything else
PAUSE_SECONDS = 0.02
CUT = b"\n(more was printed; this log is full)\n"


class WorkerLog:
    """Follows `source`, the reading end of a worker's standard error, into `file` until it is closed at the other."""

    def __init__(self, source: IO[bytes], file: Path) -> None:
        with contextlib.suppress(OSError, AttributeError):  # a user who has many pipes gets small ones
            fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, PIPE)
        self._source = source
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._follow, args=(_opened(file),), daemon=True)
        self._thread.start()

    def close(self, seconds: float = 1.0) -> None:
        """Wait until what was printed is written; the worker has ended. Whoever still holds the pipe is waited for
        `seconds`."""
        self._hurry.set()
        self._thread.join(seconds)

    def _follow(self, log: IO[bytes]) -> None:
        with log, self._source:
            left = LARGEST - os.fstat(log.fileno()).st_size
            while data := os.read(self._source.fileno(), PIPE):
                with contextlib.suppress(OSError):  # a full disk takes no log, and the worker must not wait for it
                    log.write(_fitting(data, left))
                left -= len(data)
                self._hurry.wait(PAUSE_SECONDS)


def _fitting(data: bytes, left: int) -> bytes:
    if left <= 0:
        return b""
    return data if len(data) <= left else data[:left] + CUT


def _opened(file: Path) -> IO[bytes]:
    """To append to; commands share some logs, and one that is full begins anew."""
    log = file.open("ab", buffering=0)
    if log.tell() >= LARGEST:
        log.truncate(0)
    return log


def size(log: Path) -> int:
    """Bytes of a log; 0 where somebody removed it: commands share some, and tidy up."""
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def tail(log: Path, start: int, most: int = PIPE) -> str:
    """The end of what was logged from byte `start` on; nothing where somebody removed the log."""
    try:
        with log.open("rb") as file:
            file.seek(max(start, file.seek(0, os.SEEK_END) - most))
            return file.read(most).decode(errors="replace")
    except FileNotFoundError:
        return ""
