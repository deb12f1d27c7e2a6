"""JSON lines between a worker and its parent."""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from runner.core import extras
from runner.core.errors import BY_STATUS, RunnerError

# What allocators say that found no more: C++'s, glibc's, torch's, onnxruntime's, numpy's.
_RAN_OUT = re.compile(
    r"std::bad_alloc|MemoryError|cannot allocate memory|can't allocate memory|failed to allocate memory"
    r"|Unable to allocate [\d.]+ .iB|\bout of memory",
    re.IGNORECASE,
)
OURS, IMPORTING = "runner", "<frozen importlib"
BLAMED = ("unsupported", "failed", "bad spec")  # what a backend makes of whatever its library raises
INCOMPLETE = "Install there what it lacks, or choose another release of the library."
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
        if error.status in BLAMED and (lacking := _import_behind(error)):
            told = {"reason": error.reason, "next_step": f"{_reason(lacking)} (in {sys.prefix}). {INCOMPLETE}"}
            return {"status": "unavailable", **told, "traceback": trace}
        status = next((s for s, cls in BY_STATUS.items() if isinstance(error, cls)), error.status)
        return {"status": status, "reason": error.reason, "next_step": error.next_step, "traceback": trace}
    if isinstance(error, ImportError) and (gone := extras.lost(error)):
        return {**error_message(gone), "traceback": trace}
    if _is_incomplete(error):
        told = {"reason": f"{_reason(error)} (in {sys.prefix})", "next_step": INCOMPLETE}
        return {"status": "unavailable", **told, "traceback": trace}
    if isinstance(error, MemoryError) or ran_out(str(error)):
        told = {"reason": f"out of memory: {_reason(error)}", "next_step": OUT_OF_MEMORY}
        return {"status": "failed", **told, "traceback": trace}
    return {"status": "failed", "reason": _reason(error), "next_step": "", "traceback": trace}


def _is_incomplete(error: BaseException) -> bool:
    """Whether it says that this environment lacks a module, a library a name that we import or a backend calls, or a
    shared library what it needs to be loaded: no fault of a model's. A module of our own that lacks is one of ours."""
    if isinstance(error, ImportError):
        return (error.name or "").partition(".")[0] != OURS
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, AttributeError):
        return bool(files) and f"{OURS}/backends/" in files[-1] and _is_of_a_library(getattr(error, "obj", None))
    importing = max((at for at, file in enumerate(files) if file.startswith(IMPORTING)), default=len(files))
    return isinstance(error, OSError) and any(not _is_ours(file) for file in files[importing + 1 : importing + 2])


def _is_of_a_library(owner: Any) -> bool:
    """Whether it is a module, or a module's own kind of thing: neither Python's nor ours. None: it isn't known."""
    home = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__module__
    return home.partition(".")[0] not in (OURS, "builtins", "numpy")


def _is_ours(file: str) -> bool:
    return file.startswith(str(Path(__file__).parents[1]))


def _import_behind(error: BaseException) -> BaseException | None:
    """The import that failed, where a library's call ended by that."""
    cause = error.__cause__
    while cause is not None and not _is_incomplete(cause):
        cause = cause.__cause__
    return cause


def ran_out(text: str) -> bool:
    """Whether an allocator says in `text` that there was no more memory."""
    return _RAN_OUT.search(text) is not None


def _reason(error: BaseException) -> str:
    """One line: the exception's type and the first line of what it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
