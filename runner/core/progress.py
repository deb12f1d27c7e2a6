"""What those who work tell whoever shows it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol


class Display(Protocol):
    """What the schedule and the benchmark tell."""

    def begin(self, item: str) -> None: ...
    def update(self, item: str, done: int, total: int, note: str) -> None: ...
    def end(self, item: str, state: str, seconds: float, reason: str) -> None: ...
    def warn(self, text: str) -> None: ...


class Reporter(Protocol):
    """Who is told how a command gets on."""

    def say(self, text: str) -> None:
        """One line, at once."""

    def display(self, items: Sequence[tuple[str, str]]) -> AbstractContextManager[Display]:
        """Where the progress of `(id, title)` items is shown."""
