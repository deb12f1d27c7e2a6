"""A record by what a user calls it: its id, or the file it was exported into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runner.core.advice import shell
from runner.core.errors import SpecError, StepFailed, nearest
from runner.results import archive, naming, records
from runner.results.records import Record


@contextmanager
def opened(name: str, root: Path) -> Iterator[Record]:
    """The record that `name` means: an id in `root/records`, or an exported file. Raises SpecError where neither."""
    if Path(name).is_file():
        with archive.opened(Path(name)) as record:
            yield record
    else:
        yield by_id(name, root)


@contextmanager
def called(name: str, root: Path) -> Iterator[Record]:
    """As `opened`; what is neither is taken for what people call a record: the newest one of that title (`gru int8
    onnxruntime`). Raises SpecError where there is none."""
    if Path(name).is_file() or name in records.names(root):
        with opened(name, root) as record:
            yield record
        return
    titles = {naming.title(one.result): one for one in records.readable(root, lambda text: None)}
    if name not in titles:
        known = [*records.names(root), *titles]
        raise SpecError(
            f"{name}: no record, exported file or title of one here.{nearest(name, known)}",
            f"Titles: {', '.join(map(shell, titles)) or 'none yet'}. Measure something: python -m runner model=gru",
        )
    yield titles[name]


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
