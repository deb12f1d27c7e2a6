"""A record by what a user calls it: its id, or the file it was exported into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runner.core.errors import SpecError, StepFailed, nearest
from runner.results import archive, records
from runner.results.records import Record


@contextmanager
def opened(name: str, root: Path) -> Iterator[Record]:
    """The record that `name` means: an id in `root/records`, or an exported file. Raises SpecError where neither."""
    if Path(name).is_file():
        with archive.opened(Path(name)) as record:
            yield record
    else:
        yield by_id(name, root)


def by_id(name: str, root: Path) -> Record:
    """The record with the id `name`. Raises SpecError where there is none, or it can't be shown."""
    known = records.names(root)
    if name not in known:
        raise SpecError(
            f"{name}: neither a record in {root / 'records'} nor an exported file.{nearest(name, known)}",
            "python -m runner compare --json lists the record_ids.",
        )
    try:
        return records.usable(root / "records" / name)
    except StepFailed as error:
        raise SpecError(error.reason, error.next_step) from error


def latest(every: Sequence[Record]) -> Record:
    """The newest of this project's records."""
    if not every:
        raise SpecError(
            "Nothing has been measured here: records/ is empty.", "Measure something: python -m runner model=gru"
        )
    return every[-1]
