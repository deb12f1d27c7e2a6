"""Standard output and error as this process was given them: closed, full, or of an encoding that has no `×`."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from runner.core.errors import StepFailed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# What our own texts hold beyond ASCII, for an encoding that has not all of it.
PLAIN = {
    "·": "-", "×": "x", "–": "-", "−": "-", "…": "...", "→": "->", "≥": ">=", "≤": "<=", "±": "+/-", "≈": "~",
    "²": "2", "₂": "2", "µ": "u", "°": " deg ", "Δ": "d", "✓": "ok", "✗": "x", "●": "*", "─": "-", "━": "-", "│": "|",
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#",
}  # fmt: skip
HANDLER = "runner-plain"


class OutputLost(StepFailed):
    """Standard output takes no more."""


class _Out(io.FileIO):
    """Standard output. The first failure is an OutputLost, which no handler of a disk's errors takes for its own; what
    comes after it is dropped. Where the reader has gone (`| head`) nobody is told: the command ends as it would."""

    lost = False

    def write(self, data: ReadableBuffer) -> int:
        size = memoryview(data).nbytes
        if self.lost:
            return size
        try:
            return super().write(data) or 0
        except OSError as error:
            self.lost = True
            if error.errno == errno.EPIPE:
                return size
            raise OutputLost(
                f"Standard output can't be written: {os.strerror(error.errno or 0)}.",
                "Send it elsewhere: > FILE. What was made or measured is kept.",
            ) from error


class _Aside(io.FileIO):
    """Standard error: what is said beside a result never changes it."""

    def write(self, data: ReadableBuffer) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return memoryview(data).nbytes


def prepare() -> None:
    """Make `sys.stdout` and `sys.stderr` of this process what a command can rely on; before it opens any file."""
    _open_closed()
    codecs.register_error(HANDLER, _plain)
    for name, number, kind in (("stdout", 1, _Out), ("stderr", 2, _Aside)):
        setattr(sys, name, _stream(getattr(sys, name), number, kind))


def finish() -> None:
    """Write what is left. Raises OutputLost."""
    sys.stdout.flush()
    sys.stderr.flush()


def _open_closed() -> None:
    """Where a descriptor is closed (`>&-`) the next file that is opened would take its number, and our words."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number, inheritable=True)
                os.close(nothing)
            else:
                os.set_inheritable(number, True)


def _stream(before: io.TextIOWrapper | None, number: int, kind: type[io.FileIO]) -> io.TextIOWrapper:
    raw = kind(number, "wb", closefd=False)
    encoding = before.encoding if before else "utf-8"
    at_once = raw.isatty() or kind is _Aside or bool(before and before.write_through)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, HANDLER, line_buffering=at_once)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs': our own characters by plain ones, all others by their escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(PLAIN.get(one, one.encode("unicode_escape").decode("ascii")) for one in wrong), error.end
