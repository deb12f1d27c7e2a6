"""What a spec leaves: one folder a record, written once, never changed."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core import durable_files
from runner.core.errors import StepFailed
from runner.core.foreign_text import line, tree
from runner.results import seal

if TYPE_CHECKING:
    from runner.results.record_schema import Result

SCHEMA = 1
FILE = seal.RECORD
LARGEST = 64 * 10**6  # bytes of a record.json
NO_FILES: Mapping[str, Path] = {}
SWEEPS = ".sweeps"  # which records a sweep has taken over


@dataclass(frozen=True)
class Record:
    """One record: its folder and the content of its `record.json`."""

    folder: Path
    content: Mapping[str, Any]

    @cached_property
    def seal(self) -> seal.State:
        """Whether it is as it was written: `sealed`, `edited`, or `unsealed`, from before there were seals."""
        return seal.state(self.content, self.folder)

    @cached_property
    def result(self) -> Result:
        """What it says, as types; only of a content that tables can show (`usable`)."""
        from runner.results import record_schema  # dozens of dataclasses: a command that ends at a slip reads no record

        return record_schema.read(self.content)


def new_id(root: Path, now: datetime | None = None) -> str:
    """A record's name: UTC date and time to the microsecond (five hex digits), three random hex digits.

    It sorts after every record in `root/records`, whatever the clock does: where that was set back, the name goes on
    from the last one. The record's `date` is the clock's.
    """
    moment = now or datetime.now(timezone.utc)
    last = _last(root)
    if last is not None and last >= moment:
        moment = last + timedelta(microseconds=1)
    return f"{moment:%Y%m%dT%H%M%S}-{moment.microsecond:05x}{secrets.token_hex(2)[:3]}"


def _last(root: Path) -> datetime | None:
    """The moment that the last record's name tells; folders that are no record's don't count."""
    for name in sorted(_listed(root), reverse=True):
        moment = _moment(name)
        if moment is not None and _is_record(root / "records" / name):
            return moment
    return None


def _is_record(folder: Path) -> bool:
    try:
        read(folder)
    except StepFailed:
        return False
    return True


def names(root: Path) -> list[str]:
    """The record_ids below `root/records`, oldest first: in the order in which they were written."""
    return sorted(name for name in _listed(root) if (root / "records" / name / FILE).is_file())


def new_names(root: Path, known: Set[str]) -> set[str]:
    """The record_ids below `root/records` that are not among the `known` ones: of many records only those are looked
    at."""
    return {name for name in _listed(root) if name not in known and (root / "records" / name / FILE).is_file()}


def _listed(root: Path) -> list[str]:
    """Names below `root/records`, without a look at each: a record is renamed into its place whole."""
    home = root / "records"
    return [name for name in os.listdir(home) if name[0] != "."] if home.is_dir() else []  # noqa: PTH208 - half the cost


def _moment(name: str) -> datetime | None:
    """The moment that a name tells; None where it is no record's, or the last that a date can be."""
    found = re.fullmatch(r"(\d{8}T\d{6})-([0-9a-f]{5})[0-9a-f]{3}", name)
    if not found:
        return None
    try:
        second = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
        moment = second + timedelta(microseconds=min(int(found[2], 16), 999_999))
        return moment if moment + timedelta(microseconds=1) else None
    except (ValueError, OverflowError):
        return None


def write(root: Path, content: Mapping[str, Any], files: Mapping[str, Path] = NO_FILES) -> Record:
    """Write one record below `root/records`: built and sealed beside its place, then renamed, so that none is ever half
    there. When this returns it is on disk.

    A content without `record_id` gets one; characters in its texts that would act on a terminal are written as escapes.
    `files` are moved in under their names (`samples.npz`). Raises OSError for a record_id already used.
    """
    home = root / "records"
    durable_files.make_folder(home)
    named = {"schema": SCHEMA, "record_id": content.get("record_id") or new_id(root), **tree(content)}
    folder = home / str(named["record_id"])
    draft = home / f".{folder.name}.{os.getpid()}"
    draft.mkdir()
    try:
        for name, source in files.items():
            shutil.move(source, draft / name)
        # As it will be read: JSON makes text of a mapping's numbers.
        plain = json.loads(json.dumps(named, allow_nan=False))
        whole = seal.sealed(plain, draft, files)
        (draft / FILE).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        durable_files.sync_tree(draft)
        durable_files.rename(draft, folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Record(folder, whole)


def join(root: Path, sweep: str, found: Iterable[Record]) -> None:
    """Note that a sweep has taken over these records, which were measured outside of it: a record never changes."""
    ids = {record.result.record_id for record in found if record.result.sweep != sweep}
    file = _taken_over(root / "records", sweep)
    known = _ids(file)
    if sweep and ids - known:
        durable_files.make_folder(file.parent)
        durable_files.write_text(file, json.dumps({"schema": SCHEMA, "records": sorted(ids | known)}, indent=1) + "\n")


def in_sweep(record: Record, sweep: str) -> bool:
    """Whether a record was measured in this sweep, or taken over by it."""
    own = record.result.sweep == sweep
    return own or record.result.record_id in _ids(_taken_over(record.folder.parent, sweep))


def _taken_over(home: Path, sweep: str) -> Path:
    return home / SWEEPS / f"{sweep}.json"


def _ids(file: Path) -> set[str]:
    """Nothing where there is no such note, or it was damaged: its records are then shown in their own sweeps alone."""
    try:
        return set(json.loads(file.read_text(encoding="utf-8"))["records"])
    except (OSError, ValueError, TypeError, KeyError):
        return set()


def read(folder: Path) -> Record:
    """The record in `folder`. Raises StepFailed where its `record.json` is missing, damaged, another's, or of a newer
    schema."""
    file = folder / FILE
    try:
        content = json.loads(_text(file))
    except OSError as error:
        raise _odd(folder, f"{file} can't be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise _odd(folder, f"{file} is not JSON: {error}") from error
    if not isinstance(content, dict) or "record_id" not in content:
        raise _odd(folder, f"{file} is no record")
    if content["record_id"] != folder.name:
        raise _odd(folder, f"{file} is another's record: it has no usable 'record_id'")
    if not isinstance(content.get("schema"), int) or content["schema"] > SCHEMA:
        reason = f"{file} is of schema {content.get('schema')!r}; this version reads {SCHEMA}."
        raise StepFailed(reason, f"Update edge-runner, or move {folder} out of {folder.parent}.")
    return Record(folder, content)


def usable(folder: Path) -> Record:
    """The record in `folder`. Raises StepFailed where tables can't show it: damaged, half, or of another form."""
    record = read(folder)
    from runner.results import record_shape

    fault = record_shape.fault(record.content) or record_shape.samples_fault(folder / "samples.npz")
    if fault:
        raise _odd(folder, f"{folder / FILE} {fault}" if "samples" not in fault else f"{folder} {fault}")
    return record


def _text(file: Path) -> str:
    """A file of /proc says that it is empty, and may be waited for without end."""
    if not file.is_file():
        raise _odd(file.parent, f"{file} is missing")
    size = file.stat().st_size
    if not 0 < size <= LARGEST:
        raise _odd(file.parent, f"{file} is {'empty' if not size else f'larger than {LARGEST // 10**6} MB'}")
    return file.read_text(encoding="utf-8")


def _odd(folder: Path, what: str) -> StepFailed:
    """Each in one line, whatever the folder is called."""
    return StepFailed(line(f"{what}."), line(f"Move {folder} out of {folder.parent}."))


def read_all(root: Path) -> list[Record]:
    """Every record below `root/records`, oldest first. Raises StepFailed where one was damaged."""
    return [read(root / "records" / name) for name in names(root)]


def readable(root: Path, warn: Callable[[str], None], wanted: Iterable[str] | None = None) -> list[Record]:
    """Every record below `root/records` (or those with the names `wanted`), oldest first, without those that tables
    can't show: damaged, half, or of another form. `warn` is told of these."""
    found = []
    for name in sorted(_folders(root) if wanted is None else wanted):
        try:
            found.append(usable(root / "records" / name))
        except StepFailed as error:
            warn(f"left out: {error.reason} {error.next_step}")
    return found


def _folders(root: Path) -> list[str]:
    """Names below `root/records` of all that is no plain file: also of what should be a record and is none."""
    return [name for name in _listed(root) if not (root / "records" / name).is_file()]
