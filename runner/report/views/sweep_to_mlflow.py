"""A sweep's page and table as files, and their way to MLflow: by itself at a sweep's end, or by `sync --sweep S`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runner.core import hashing
from runner.core.advice import shell
from runner.core.errors import RunnerError
from runner.core.unexpected import attempt
from runner.results.records import Record
from runner.tracking import sync_state

if TYPE_CHECKING:
    from runner.tracking.client import Tracker

PAGE, TABLE = "sweep.html", "sweep.csv"


@contextmanager
def files(root: Path, sweep: str, warn: Callable[[str], None]) -> Iterator[Path]:
    """A folder with both, gone at the end; `warn` is told of records that can't be read. Raises SpecError for an
    unknown sweep."""
    from runner.report import sweep_page
    from runner.report.views import sweep_html, table
    from runner.results import project_comparison

    found = project_comparison.read(root, warn, sweep)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, PAGE).write_text(sweep_html.render(sweep_page.collect(found)), encoding="utf-8")
        Path(folder, TABLE).write_text(table.as_csv(found), encoding="utf-8")
        yield Path(folder)


def send(tracker: Tracker, sweep: str, kept: Sequence[Record], tags: Mapping[str, str]) -> str:
    """Have them sent, with the user's `tags`, unless they are there and the sweep has `kept` no other record since.

    Why that can't be done, with the command that does it later, or an empty text: a sweep has ended before it is sent.
    """
    content = hashing.digest([sorted(record.folder.name for record in kept), dict(tags)])
    if sync_state.has_page(tracker.root, sweep, content):
        return ""
    came = attempt(lambda: _send(tracker, sweep, tags))
    if isinstance(came, RunnerError):
        later = f"python -m runner sync {shell('--sweep', sweep)}"
        return f"the sweep's page is not in MLflow yet: {came.reason} Send it later: {later}"
    sync_state.remember_page(tracker.root, sweep, content)
    return ""


def _send(tracker: Tracker, sweep: str, tags: Mapping[str, str]) -> None:
    with files(tracker.root, sweep, lambda text: None) as folder:  # the sweep's own table has told of damaged records
        tracker.publish_page(sweep, folder, tags)
