"""Losses of quality on disk, by all that they depend on: who was judged before isn't asked again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runner.artifacts import code_closure
from runner.core import durable_files, hashing
from runner.execution.racing.field import Entry
from runner.planning.measurement_key import Parts
from runner.results.quality_loss import Loss, Lost, Stated
from runner.results.record_schema import Absent

FOLDER = "races/losses"
JUDGING = (
    "runner.worker.handlers",
    "runner.measure.predict",
    "runner.measure.quality",
    "runner.measure.quality_interval",
    "runner.measure.quality_parts",
    "runner.results.quality_loss",
)


def key_of(one: Entry, default: Entry, parts: Mapping[str, Parts]) -> str:
    """The key of what an entry's artifact loses of the `default`'s float model; `parts` of measurements by a spec's
    key."""
    mine, theirs = (parts[entry.configuration.spec.key]["candidate"] for entry in (one, default))
    metric = asdict(one.side.metric) if one.side.metric else None
    seed = one.configuration.spec.seed
    return hashing.digest([mine, theirs["artifacts"], metric, seed, code_closure.code(JUDGING)])


@dataclass(frozen=True)
class KeptLosses:
    """Those of a project; `home` is where its artifacts lie."""

    home: Path

    def file(self, key: str) -> Path:
        """One loss."""
        return self.home / FOLDER / f"{key[:16]}.json"

    def read(self, key: str) -> Lost | Absent | None:
        """None where it isn't known, or what is there can't be right: it is found anew."""
        try:
            kept = json.loads(self.file(key).read_text(encoding="utf-8"))
            return _read(kept) if kept["key"] == key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, key: str, found: Lost | Absent) -> None:
        """The file has all of it or none."""
        durable_files.make_folder(self.file(key).parent)
        kind = "lost" if isinstance(found, Lost) else "absent"
        durable_files.write_text(self.file(key), json.dumps({"key": key, kind: asdict(found)}) + "\n")


def _read(kept: Mapping[str, Any]) -> Lost | Absent:
    if "lost" not in kept:
        return Absent(**kept["absent"])
    stated = dict(kept["lost"]["stated"])
    return Lost(Loss(**kept["lost"]["loss"]), Stated(Loss(**stated.pop("loss")), **stated))
