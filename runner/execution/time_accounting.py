"""What a command spent its time on: a display that remembers how long each item took."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from runner.core.progress import Display


@dataclass(frozen=True)
class Span:
    """How long an item ran, and how it ended (`done`, `there`, `failed`, …)."""

    seconds: float
    state: str


@dataclass
class Timeline:
    """Passes on to `display` what it is told. `begun` counts how often each item was begun: more than once where the
    process that ran it died. `spent` are seconds by what they were spent on."""

    display: Display
    started: float = field(default_factory=time.monotonic)
    spans: dict[str, Span] = field(default_factory=dict)
    begun: Counter[str] = field(default_factory=Counter)
    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _began: dict[str, float] = field(default_factory=dict)

    def begin(self, item: str) -> None:
        self.begun[item] += 1
        self._began[item] = time.monotonic()
        self.display.begin(item)

    def update(self, item: str, done: int, total: int, note: str) -> None:
        self.display.update(item, done, total, note)

    def end(self, item: str, state: str, seconds: float, reason: str) -> None:
        # What failed doesn't say how long it took.
        self.spans[item] = Span(seconds or time.monotonic() - self._began.get(item, time.monotonic()), state)
        self.display.end(item, state, seconds, reason)

    def warn(self, text: str) -> None:
        self.display.warn(text)

    @contextmanager
    def spending(self, on: str) -> Iterator[None]:
        """What happens inside is time spent `on`."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.spent[on] += time.monotonic() - start
