"""What a command on a device writes before it ends, read within bounds of bytes and seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from runner.transport.lines import PIECE
from runner.worker import receiver

HEAD = 64_000  # bytes up to the end of its line
ERRORS = 1_000_000  # bytes on standard error
KEPT = 4_000  # of them: the last ones say why it failed
GRACE_SECONDS = 5.0  # for pipes to close, once everything has been killed

MARK = receiver.MARK.encode()


@dataclass
class Reply:
    """`head`: what came up to its line behind arrival's mark; what follows went into `keep`, `most` bytes at most.
    `errors`: the end of standard error. `odd`: why it was not read to the end; `code`: its exit code, None where it was
    late."""

    keep: IO[bytes] | None = None
    most: int = 0
    head: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)
    odd: str = ""
    code: int | None = None
    _whole: bool = False
    _behind: int = 0
    _printed: int = 0

    def take(self, data: bytes) -> bool:
        """Standard output; whether to go on."""
        if not self._whole:
            self.head += data
            end = self.head.find(b"\n", max(0, self.head.find(MARK))) if MARK in self.head else -1
            if end < 0:
                return self._within(len(self.head), HEAD)
            data = bytes(self.head[end + 1 :])
            del self.head[end:]
            self._whole = True
        self._behind += len(data)
        if self._within(self._behind, self.most) and self.keep:
            self.keep.write(data)
        return not self.odd

    def take_error(self, data: bytes) -> bool:
        self._printed += len(data)
        self.errors = (self.errors + data)[-KEPT:]
        return self._within(self._printed, ERRORS)

    def _within(self, size: int, limit: int) -> bool:
        if size > limit:
            self.odd = f"is longer than {limit} bytes"
        return not self.odd


def listen(process: subprocess.Popen[bytes], write: Callable[[IO[bytes]], None], reply: Reply, seconds: float) -> None:
    """Fill `reply` with what `process` says while `write` writes to it, until it ends; after `seconds`, or where it
    says too much, it is killed. It leads a process group of its own, and its three streams are pipes."""
    assert process.stdin and process.stdout and process.stderr
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    timer.start()
    both = ((process.stdout, reply.take), (process.stderr, reply.take_error))
    threads = [threading.Thread(target=_gather, args=(*one, process), daemon=True) for one in both]
    for thread in threads:
        thread.start()
    try:
        with suppress(BrokenPipeError), process.stdin as sink:  # where it has ended, its answer says why
            write(sink)
        for thread in threads:
            thread.join(seconds + GRACE_SECONDS)
        code = process.wait()
        reply.code = None if late.is_set() else code
    finally:
        timer.cancel()
        _kill(process)
        process.wait()


def _gather(source: IO[bytes], take: Callable[[bytes], bool], process: subprocess.Popen[bytes]) -> None:
    with source:
        while data := os.read(source.fileno(), PIECE):
            if not take(data):
                _kill(process)
                return


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
