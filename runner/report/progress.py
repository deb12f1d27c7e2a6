"""One live display of a plan: what is done, what runs, how long it may still take. Plain lines without a terminal.

Nothing here draws by itself: the display changes only when it is told something, and nobody tells it anything while
a worker measures.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from runner.foreign import line

MARKS = {"waits": "·", "runs": "▸", "done": "✓", "there": "✓", "skipped": "–"}
STYLES = {"waits": "dim", "runs": "bold cyan", "done": "green", "there": "dim green", "skipped": "dim"}


class Display(Protocol):
    """What the schedule and the benchmark tell."""

    def begin(self, item: str) -> None: ...
    def update(self, item: str, done: int, total: int, note: str) -> None: ...
    def end(self, item: str, state: str, seconds: float, reason: str) -> None: ...
    def warn(self, text: str) -> None: ...


@dataclass
class Item:
    """One line of the display."""

    title: str
    state: str = "waits"
    note: str = ""
    started: float = 0.0
    done: int = 0
    total: int = 0


@dataclass
class Lines:
    """For logs and pipes: one line when something starts to take time, one when it ends."""

    console: Console
    items: dict[str, Item]

    def begin(self, item: str) -> None:
        self.items[item].started = time.monotonic()
        self._print(f"{self.items[item].title} …")

    def update(self, item: str, done: int, total: int, note: str) -> None:
        one = self.items[item]
        if total and (done * 4) // total > (one.done * 4) // total and done < total:
            self._print(f"{one.title}: {done}/{total} {note}{_left(one, done, total)}".rstrip())
        one.done = done

    def end(self, item: str, state: str, seconds: float, reason: str) -> None:
        self._print(_line(self.items[item], state, seconds, reason))

    def warn(self, text: str) -> None:
        self._print(f"warning: {text}")

    def _print(self, text: str) -> None:
        self.console.print(line(text), markup=False, highlight=False, soft_wrap=True)


@dataclass
class Screen:
    """For a terminal: all items, redrawn when told something."""

    live: Live
    items: dict[str, Item]
    drawn: float = field(default=0.0)

    def begin(self, item: str) -> None:
        self.items[item].state, self.items[item].started = "runs", time.monotonic()
        self._draw()

    def update(self, item: str, done: int, total: int, note: str) -> None:
        one = self.items[item]
        one.done, one.total = done, total
        one.note = f"{done}/{total} {note}{_left(one, done, total)}" if total else note
        self._draw()

    def end(self, item: str, state: str, seconds: float, reason: str) -> None:
        one = self.items[item]
        one.state, one.note = state, reason or (f"{seconds:.1f} s" if seconds else "")
        self._draw()

    def warn(self, text: str) -> None:
        self.live.console.print(line(f"warning: {text}"), markup=False, highlight=False, style="yellow")

    def _draw(self) -> None:
        self.live.update(Group(*(_row(item) for item in self.items.values())), refresh=True)


@contextmanager
def opened(console: Console, items: Sequence[tuple[str, str]]) -> Iterator[Display]:
    """A display of `(id, title)` items on `console`."""
    rows = {name: Item(line(title)) for name, title in items}
    if not console.is_terminal:
        yield Lines(console, rows)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield Screen(live, rows)


def _row(item: Item) -> Text:
    mark = MARKS.get(item.state, "✗")
    note = "already there" if item.state == "there" else line(item.note)
    return Text.assemble((f"{mark} {item.title:<34}", STYLES.get(item.state, "red")), (f" {note}", "dim"))


def _line(item: Item, state: str, seconds: float, reason: str) -> str:
    if state == "there":
        return f"{item.title}: already there"
    detail = f": {reason}" if reason else f" ({seconds:.1f} s)" if seconds else ""
    return f"{item.title}: {state}{detail}"


def _left(item: Item, done: int, total: int) -> str:
    """Time left at the pace so far, once there is a pace."""
    elapsed = time.monotonic() - item.started
    if not done or done >= total or elapsed < 1:
        return ""
    return f", about {elapsed / done * (total - done):.0f} s left"
