"""What the other end of a pipe says, read within bounds: it may say anything, and never stop."""

from __future__ import annotations

import os
import select
import time

PIECE = 1 << 16


class Lines:
    """Whole lines from a pipe's end. `received` counts the bytes that came; whoever reads bounds it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = bytearray()
        self._searched = 0
        self.received = 0

    def take(self) -> bytes | None:
        """The next line without its end; None where it has not come whole."""
        end = self._rest.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._rest)
            return None
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        self._searched = 0
        return line

    def read(self) -> bool:
        """Take in what is there, waiting for the first of it; False where the other end is closed."""
        data = os.read(self._descriptor, PIECE)
        self._rest += data
        self.received += len(data)
        return bool(data)


def write(descriptor: int, data: bytes, deadline: float) -> bool:
    """Write all of `data` into a pipe; False where the other end hasn't taken it until `deadline` (monotonic).

    Raises BrokenPipeError where the other end is closed.
    """
    os.set_blocking(descriptor, False)
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    rest = memoryview(data)
    while rest:
        if not poll.poll(1000 * max(0.0, deadline - time.monotonic())):
            return False
        rest = rest[os.write(descriptor, rest) :]
    return True
