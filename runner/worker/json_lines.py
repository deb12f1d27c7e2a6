"""JSON lines between a worker and its parent."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterator
from typing import Any, BinaryIO

from runner.core import extras
from runner.core.errors import BY_STATUS, RunnerError

# What allocators say that found no more: C++'s, glibc's, torch's, onnxruntime's, numpy's.
_RAN_OUT = re.compile(
    r"std::bad_alloc|MemoryError|cannot allocate memory|can't allocate memory|failed to allocate memory"
    r"|Unable to allocate [\d.]+ .iB|\bout of memory",
    re.IGNORECASE,
)
OUT_OF_MEMORY = "Make the model, its batch or its inputs smaller, or use a machine with more memory."


class Channel:
    """Requests from `source`, answers to `sink`; one JSON object a line."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink

    def requests(self) -> Iterator[dict[str, Any]]:
        """Every request until the parent closes its end."""
        for line in iter(self._source.readline, b""):
            yield json.loads(line)

    def send(self, **message: Any) -> None:
        data = memoryview(json.dumps(message).encode() + b"\n")
        while data:
            data = data[self._sink.write(data) :]


def error_message(error: BaseException) -> dict[str, str]:
    """`{"status", "reason", "next_step", "traceback"}` of an exception; one that no user can mend is `failed`."""
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if isinstance(error, RunnerError):
        status = next((s for s, cls in BY_STATUS.items() if isinstance(error, cls)), error.status)
        return {"status": status, "reason": error.reason, "next_step": error.next_step, "traceback": trace}
    if isinstance(error, ImportError) and (gone := extras.lost(error)):
        return {**error_message(gone), "traceback": trace}
    if isinstance(error, MemoryError) or ran_out(str(error)):
        told = {"reason": f"out of memory: {_reason(error)}", "next_step": OUT_OF_MEMORY}
        return {"status": "failed", **told, "traceback": trace}
    return {"status": "failed", "reason": _reason(error), "next_step": "", "traceback": trace}


def ran_out(text: str) -> bool:
    """Whether an allocator says in `text` that there was no more memory."""
    return _RAN_OUT.search(text) is not None


def _reason(error: BaseException) -> str:
    """One line: the exception's type and the first line of what it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
