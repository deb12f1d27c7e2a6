"""What a spec leaves: one folder a record, written once, never changed."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

SCHEMA = 1


@dataclass(frozen=True)
class Record:
    """One record: its folder and the content of its `record.json`."""

    folder: Path
    content: Mapping[str, Any]


def new_id(now: datetime | None = None) -> str:
    """A record's name: UTC date, time and eight random hex digits; sorts by date."""
    moment = now or datetime.now(timezone.utc)
    return f"{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def write(root: Path, content: Mapping[str, Any], files: Mapping[str, Path] | None = None) -> Record:
    """Write one record below `root/records`: built beside its place, then renamed, so that none is ever half there.

    `files` are moved in under their names (`samples.npz`). Raises FileExistsError for a record_id already used.
    """
    home = root / "records"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / str(content["record_id"])
    draft = home / f".{content['record_id']}.{os.getpid()}"
    draft.mkdir()
    try:
        for name, source in (files or {}).items():
            shutil.move(source, draft / name)
        (draft / "record.json").write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Record(folder, content)


def read(folder: Path) -> Record:
    """The record in `folder`."""
    return Record(folder, json.loads((folder / "record.json").read_text(encoding="utf-8")))


def read_all(root: Path) -> list[Record]:
    """Every record below `root/records`, oldest first."""
    home = root / "records"
    folders = sorted(path.parent for path in home.glob("*/record.json") if not path.parent.name.startswith("."))
    return [read(folder) for folder in folders]
