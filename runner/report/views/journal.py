"""All that a command is told, a line each with the seconds since its start: its log file, and `--verbose`."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from runner import __version__
from runner.core import advice
from runner.core.foreign_text import line
from runner.core.progress import Display, Reporter


@dataclass(frozen=True)
class Journal:
    """A reporter whose lines go to `write`."""

    write: Callable[[str], object]
    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        self.write(f"{time.monotonic() - self.started:8.1f} s  {line(text)}\n")

    @contextmanager
    def display(self, items: Sequence[tuple[str, str]]) -> Iterator[Display]:
        yield _Entries(self, dict(items))


@dataclass(frozen=True)
class _Entries:
    """Everything that happens to an item."""

    journal: Journal
    titles: Mapping[str, str]

    def begin(self, item: str) -> None:
        self.journal.say(f"{self.titles[item]} …")

    def update(self, item: str, done: int, total: int, note: str) -> None:
        self.journal.say(f"{self.titles[item]}: {f'{done}/{total} ' if total else ''}{note}".rstrip())

    def end(self, item: str, state: str, seconds: float, reason: str) -> None:
        took = f" ({seconds:.1f} s)" if seconds else ""
        self.journal.say(f"{self.titles[item]}: {state}{took}{f': {reason}' if reason else ''}")

    def warn(self, text: str) -> None:
        self.journal.say(f"warning: {text}")


@dataclass(frozen=True)
class Both:
    """Tells two reporters."""

    first: Reporter
    second: Reporter

    def say(self, text: str) -> None:
        self.first.say(text)
        self.second.say(text)

    @contextmanager
    def display(self, items: Sequence[tuple[str, str]]) -> Iterator[Display]:
        with self.first.display(items) as first, self.second.display(items) as second:
            yield _BothDisplays((first, second))


@dataclass(frozen=True)
class _BothDisplays:
    displays: tuple[Display, ...]

    def begin(self, item: str) -> None:
        for one in self.displays:
            one.begin(item)

    def update(self, item: str, done: int, total: int, note: str) -> None:
        for one in self.displays:
            one.update(item, done, total, note)

    def end(self, item: str, state: str, seconds: float, reason: str) -> None:
        for one in self.displays:
            one.end(item, state, seconds, reason)

    def warn(self, text: str) -> None:
        for one in self.displays:
            one.warn(text)


@dataclass(frozen=True)
class Warnings:
    """Of all that a command is told the warnings alone: `--quiet`."""

    reporter: Reporter

    def say(self, text: str) -> None:
        if text.startswith("warning: "):
            self.reporter.say(text)

    @contextmanager
    def display(self, items: Sequence[tuple[str, str]]) -> Iterator[Display]:
        yield _WarningsDisplay(self)


@dataclass(frozen=True)
class _WarningsDisplay:
    reporter: Warnings

    def begin(self, item: str) -> None: ...
    def update(self, item: str, done: int, total: int, note: str) -> None: ...
    def end(self, item: str, state: str, seconds: float, reason: str) -> None: ...

    def warn(self, text: str) -> None:
        self.reporter.say(f"warning: {text}")


def verbose() -> Journal:
    """For a command's standard error."""
    return Journal(sys.stderr.write)


@contextmanager
def log_file(home: Path, words: Sequence[str]) -> Iterator[tuple[Path, Journal]]:
    """A log of this command in `home`, with what was typed, when, by which version, and how it ended."""
    folder = home / "artifacts" / ".logs"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(timezone.utc)
    opened, path = tempfile.mkstemp(prefix=f"{now:%Y-%m-%dT%H-%M-%S}-", suffix=".log", dir=folder)
    with os.fdopen(opened, "wb", buffering=0) as file:
        journal = Journal(partial(_append, file))
        journal.say(f"{now:%Y-%m-%d %H:%M:%S} UTC  {advice.program()} {advice.shell(*words)}  (version {__version__})")
        with _end_told(journal):
            yield Path(path), journal


def _append(file: io.FileIO, text: str) -> None:
    """A full disk is told by what needs it: a log is no reason to lose a measurement."""
    with suppress(OSError):
        file.write(text.encode(errors="backslashreplace"))


@contextmanager
def _end_told(journal: Journal) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        journal.say(f"ended by {type(error).__name__}: {error}")
        raise
