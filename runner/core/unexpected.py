"""What becomes of an exception in the middle of a cell's work: the reason of that cell's record. The others go on."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from typing import TypeVar

from runner.core import extras
from runner.core.disk_errors import ADVICE
from runner.core.errors import RunnerError, SpecError, StepFailed
from runner.core.foreign_text import brief

BUG = "This is a bug of the runner. RUNNER_DEBUG=1 shows where."
OUT_OF_MEMORY = "Make the model, its batch or its inputs smaller, or use a machine with more memory."

T = TypeVar("T")


def attempt(do: Callable[[], T]) -> T | RunnerError:
    """What `do` returns, or why it failed, whatever it raised."""
    try:
        return do()
    except Exception as error:
        return failure(error)


def failure(error: Exception) -> RunnerError:
    """`error` as what a record can say: one line of reason, one of what to do. RUNNER_DEBUG=1 prints its traceback.

    A fault of the spec or of a user's file that shows only while working is a failed run, as any other.
    """
    if os.environ.get("RUNNER_DEBUG") == "1":
        traceback.print_exception(error)
    if isinstance(error, SpecError):
        return _caused(StepFailed(error.reason, error.next_step), error)
    return error if isinstance(error, RunnerError) else unexpected(error)


def unexpected(error: Exception) -> RunnerError:
    """An exception that is no RunnerError, in one line."""
    said = brief(str(error))
    if isinstance(error, ImportError) and (gone := extras.lost(error)):
        return _caused(gone, error)
    if isinstance(error, MemoryError):
        return _caused(StepFailed(f"out of memory in the runner itself: {said or 'MemoryError'}", OUT_OF_MEMORY), error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        what, advice = ADVICE.get(error.errno or 0, (error.strerror, "Mend that; the same command goes on."))
        return _caused(StepFailed(f"{where}{what}.", advice), error)
    return _caused(StepFailed(f"Unexpected {type(error).__name__}: {said}", BUG), error)


def _caused(told: RunnerError, error: Exception) -> RunnerError:
    told.__cause__ = error
    return told
