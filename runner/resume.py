"""Which cells were measured already, by the key of everything that changes a number, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner import measurement_key, records
from runner.measurement_key import Parts
from runner.records import Record

KEYLESS = "its record is from before measurements had a key"
EDITED = "its record was edited"


@dataclass(frozen=True)
class Found:
    """`done`: the newest record of each cell that was measured, by its spec's key. `reasons`: why a cell that has a
    record of its spec is measured anew."""

    done: Mapping[str, Record]
    reasons: Mapping[str, str]


def look(root: Path, wanted: Mapping[str, Parts], names: Collection[str], warn: Callable[[str], None]) -> Found:
    """What there is for the cells `wanted` (spec's key to parts of the measurement's key) among the records `names`.
    `warn` is told of records that can't be read."""
    every = [record for record in records.readable(root, warn, names) if record.content["status"] == "ok"]
    keyed = {record.content.get("measurement_key"): record for record in every if _counts(record)}
    by_spec = {str(record.content["spec_key"]): record for record in every}
    digests = {spec_key: measurement_key.digest(parts) for spec_key, parts in wanted.items()}
    done = {spec_key: keyed[digest] for spec_key, digest in digests.items() if digest in keyed}
    anew = {spec_key: by_spec[spec_key] for spec_key in wanted if spec_key in by_spec and spec_key not in done}
    return Found(done, {spec_key: _reason(record, wanted[spec_key]) for spec_key, record in anew.items()})


def _counts(record: Record) -> bool:
    """Whether a record has a key, and nobody edited it since."""
    return "measurement_key" in record.content and record.seal == "sealed"


def _reason(record: Record, now: Parts) -> str:
    if record.seal == "edited":
        return EDITED
    before = record.content.get("measurement")
    if record.seal == "unsealed" or not isinstance(before, dict):
        return KEYLESS
    return "; ".join(measurement_key.differences(before, now))


def told(reasons: Mapping[str, str]) -> list[str]:
    """A line for each reason: `measured anew (12 cells): the measuring code changed`."""
    often: dict[str, int] = {}
    for reason in reasons.values():
        often[reason] = often.get(reason, 0) + 1
    return [f"measured anew ({count} cell{'s' if count > 1 else ''}): {reason}" for reason, count in often.items()]
