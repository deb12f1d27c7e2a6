"""`--quiet` and `--verbose`: how much the commands that measure say meanwhile, and the log that has all of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runner.core.errors import SpecError

if TYPE_CHECKING:
    from runner.core.progress import Reporter


def add(arguments: argparse.ArgumentParser) -> None:
    """Add the options to a command's."""
    arguments.add_argument("-q", "--quiet", action="store_true", help="of what happens meanwhile the warnings alone")
    arguments.add_argument("-v", "--verbose", action="store_true", help="every event, with the seconds since the start")


def check(chosen: argparse.Namespace) -> None:
    """Raises SpecError where both are chosen."""
    if chosen.quiet and chosen.verbose:
        raise SpecError("--quiet and --verbose: one says less, the other more.", "Leave one out.")


@contextmanager
def reporting(chosen: argparse.Namespace, home: Path, argv: Sequence[str]) -> Iterator[tuple[Reporter, Path]]:
    """Who is told how the command gets on: standard error, as much as asked for, and the command's log."""
    from runner.report.views import journal, progress

    stderr: Reporter = journal.verbose() if chosen.verbose else progress.on_stderr()
    with journal.log_file(home, argv) as (log, written):
        yield journal.Both(journal.Warnings(stderr) if chosen.quiet else stderr, written), log
