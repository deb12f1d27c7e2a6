"""One live display of a plan: what is done, what runs, how long it may still take. Plain lines without a terminal.

Of a plan with more items than the terminal has lines those are shown that run, that ended last and that come next.
Nothing here draws by itself: the display changes only when it is told something, and nobody tells it anything while
a worker measures.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from runner.core.advice import as_typed
from runner.core.foreign_text import line
from runner.core.progress import Display

MARKS = {"waits": "·", "runs": "▸", "done": "✓", "there": "✓", "skipped": "–"}
NAMES = {"waits": "waiting", "runs": "running", "there": "already there"}  # of states, where they are counted
STYLES = {"waits": "dim", "runs": "bold cyan", "done": "green", "there": "dim green", "skipped": "dim"}


@dataclass
class Item:
    """One line of the display."""

    title: str
    state: str = "waits"
    note: str = ""
    started: float = 0.0
    ended: float = 0.0
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
        self.console.print(as_typed(line(text)), markup=False, highlight=False, soft_wrap=True)


@dataclass
class Screen:
    """For a terminal: what fits of the items, redrawn when told something."""

    live: Live
    items: dict[str, Item]

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
        one.state, one.ended, one.note = state, time.monotonic(), reason or (f"{seconds:.1f} s" if seconds else "")
        if state not in MARKS:  # its row may be cut, or make way for another's
            self.live.console.print(
                as_typed(line(_line(one, state, seconds, reason))), markup=False, highlight=False, style="red"
            )
        self._draw()

    def warn(self, text: str) -> None:
        self._print(f"warning: {text}", "yellow")

    def _print(self, text: str, style: str) -> None:
        """Above the rows, for good."""
        self.live.console.print(as_typed(line(text)), markup=False, highlight=False, style=style)

    def _draw(self) -> None:
        size = self.live.console.size
        # One line stays free: the cursor's.
        shown, rest = fitting([*self.items.values()], size.height - 1)
        more = [Text(_rest(rest), style="dim", no_wrap=True, overflow="ellipsis")] if rest else []
        column = min(max((len(item.title) for item in shown), default=0), size.width // 2)
        self.live.update(Group(*(_row(item, column, size.width) for item in shown), *more), refresh=True)


@dataclass(frozen=True)
class OnConsole:
    """Lines on `console`, and one display of what is done."""

    console: Console

    def say(self, text: str) -> None:
        self.console.print(as_typed(line(text)), markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def display(self, items: Sequence[tuple[str, str]]) -> Iterator[Display]:
        """A display of `(id, title)` items."""
        rows = {name: Item(line(title)) for name, title in items}
        if not self.console.is_terminal:
            yield Lines(self.console, rows)
            return
        with Live(console=self.console, auto_refresh=False) as live:
            yield Screen(live, rows)


def on_stderr() -> OnConsole:
    """For a command: its standard output is for results."""
    return OnConsole(Console(stderr=True))


def fitting(items: Sequence[Item], lines: int) -> tuple[list[Item], list[Item]]:
    """The items for a terminal of so many lines, in their order, and the others, for which one line is left.

    Those that run come first, then by turns the last that ended and the next that wait.
    """
    if len(items) <= lines:
        return list(items), []
    running = sorted((one for one in items if one.state == "runs"), key=lambda one: -one.started)
    ended = sorted((one for one in items if one.state not in ("runs", "waits")), key=lambda one: -one.ended)
    waiting = [one for one in items if one.state == "waits"]
    turns = [one for pair in zip_longest(ended, waiting) for one in pair if one]
    chosen = {id(one) for one in [*running, *turns][: max(lines - 1, 1)]}
    return [one for one in items if id(one) in chosen], [one for one in items if id(one) not in chosen]


def _rest(items: Sequence[Item]) -> str:
    """`and 31 more: 12 done, 19 waiting`."""
    counts = Counter(NAMES.get(one.state, one.state) for one in items)
    return f"  and {len(items)} more: {', '.join(f'{number} {state}' for state, number in counts.items())}"


def _row(item: Item, column: int, width: int) -> Text:
    """One line of at most `width`, notes below each other from `column` on: a long title leaves half of it to its
    note."""
    mark = MARKS.get(item.state, "✗")
    note = "already there" if item.state == "there" else as_typed(line(item.note))
    room = width - 3 - min(len(note), width // 2)
    title = f"{_cut(item.title, room):<{min(column, room)}}"
    text = Text.assemble((f"{mark} {title}", STYLES.get(item.state, "red")), (f" {note}", "dim"))
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


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
