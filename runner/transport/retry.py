"""Trying again, only where that can help: a worker that was killed from outside, or a connection that was lost.

A model that a backend can't take, a timeout or too little memory ends in the same way every time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from runner.core.errors import RunnerError, WorkerLost

RETRIES = 1

T = TypeVar("T")


def can_help(error: RunnerError, retries: int) -> bool:
    """Whether to try once more what ended with `error`, after `retries` tries beyond the first."""
    return isinstance(error, WorkerLost) and retries < RETRIES


def with_retry(do: Callable[[], T], tell: Callable[[str], None]) -> tuple[T, int]:
    """What `do` returns, and how many tries it took beyond the first; `tell` is told why each is made.

    Raises what the last try raised, its `retries` set.
    """
    retries = 0
    while True:
        try:
            return do(), retries
        except RunnerError as error:
            error.retries = retries
            if not can_help(error, retries):
                raise
            tell(f"{error.reason} It is tried once more.")
            retries += 1
