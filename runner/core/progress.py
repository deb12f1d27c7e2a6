"""What those who work tell whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Display(Protocol):
    """What the schedule and the benchmark tell."""

    def begin(self, item: str) -> None: ...
    def update(self, item: str, done: int, total: int, note: str) -> None: ...
    def end(self, item: str, state: str, seconds: float, reason: str) -> None: ...
    def warn(self, text: str) -> None: ...
