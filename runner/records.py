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
from pathlib import Path
from typing import Any

from runner.errors import StepFailed
from runner.foreign import tree

SCHEMA = 1


@dataclass(frozen=True)
class Record:
    """One record: its folder and the content of its `record.json`."""

    folder: Path
    content: Mapping[str, Any]


def new_id(root: Path, now: datetime | None = None) -> str:
    """A record's name: UTC date and time to the microsecond (five hex digits), three random hex digits.

    It sorts after every name in `root/records`, whatever the clock does: where that was set back, the name goes on from
    the last one. The record's `date` is the clock's.
    """
    moment = now or datetime.now(timezone.utc)
    last = _moment(max(_listed(root), default=""))
    if last is not None and last >= moment:
        moment = last + timedelta(microseconds=1)
    return f"{moment:%Y%m%dT%H%M%S}-{moment.microsecond:05x}{secrets.token_hex(2)[:3]}"


def names(root: Path) -> list[str]:
    """The record_ids below `root/records`, oldest first: in the order in which they were written."""
    return sorted(path.parent.name for path in (root / "records").glob("*/record.json") if path.parent.name[0] != ".")


def new_names(root: Path, known: Set[str]) -> set[str]:
    """The record_ids below `root/records` that are not among the `known` ones: of many records only those are looked
    at."""
    return {name for name in _listed(root) if name not in known and (root / "records" / name / "record.json").is_file()}


def _listed(root: Path) -> list[str]:
    """Names below `root/records`, without a look at each: a record is renamed into its place whole."""
    home = root / "records"
    return [name for name in os.listdir(home) if name[0] != "."] if home.is_dir() else []  # noqa: PTH208 - half the cost


def _moment(name: str) -> datetime | None:
    """The moment that a name tells; None where it is no record's."""
    found = re.fullmatch(r"(\d{8}T\d{6})-([0-9a-f]{5})[0-9a-f]{3}", name)
    if not found:
        return None
    second = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
    return second + timedelta(microseconds=min(int(found[2], 16), 999_999))


def write(root: Path, content: Mapping[str, Any], files: Mapping[str, Path] | None = None) -> Record:
    """Write one record below `root/records`: built beside its place, then renamed, so that none is ever half there.

    A content without `record_id` gets one; characters in its texts that would act on a terminal are written as escapes.
    `files` are moved in under their names (`samples.npz`). Raises OSError for a record_id already used.
    """
    home = root / "records"
    home.mkdir(parents=True, exist_ok=True)
    named = {"schema": SCHEMA, "record_id": content.get("record_id") or new_id(root), **tree(content)}
    folder = home / str(named["record_id"])
    draft = home / f".{folder.name}.{os.getpid()}"
    draft.mkdir()
    try:
        for name, source in (files or {}).items():
            shutil.move(source, draft / name)
        (draft / "record.json").write_text(json.dumps(named, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Record(folder, named)


def read(folder: Path) -> Record:
    """The record in `folder`. Raises StepFailed where its `record.json` was damaged."""
    file = folder / "record.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StepFailed(f"{file} is not JSON: {error}.", f"Move {folder} out of {folder.parent}.") from error
    if not isinstance(content, dict) or "record_id" not in content:
        raise StepFailed(f"{file} is no record.", f"Move {folder} out of {folder.parent}.")
    return Record(folder, content)


def read_all(root: Path) -> list[Record]:
    """Every record below `root/records`, oldest first. Raises StepFailed where one was damaged."""
    return [read(root / "records" / name) for name in names(root)]


def readable(root: Path, warn: Callable[[str], None], wanted: Iterable[str] | None = None) -> list[Record]:
    """Every record below `root/records` (or those with the names `wanted`), oldest first, without the damaged ones, of
    which `warn` is told."""
    found = []
    for name in names(root) if wanted is None else sorted(wanted):
        try:
            found.append(read(root / "records" / name))
        except StepFailed as error:
            warn(f"left out: {error.reason} {error.next_step}")
    return found
