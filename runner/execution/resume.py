"""Which cells were measured already, by the key of everything that changes a number, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.planning import measurement_key
from runner.planning.measurement_key import Parts
from runner.results import records
from runner.results.records import Record

KEYLESS = "its record is from before measurements had a key"
EDITED = "its record was edited"


@dataclass(frozen=True)
class Found:
    """`done`: the newest record of each cell that was measured, by its spec's key. `reasons`: why a cell that has a
    record of its spec is measured anew."""

    done: Mapping[str, Record]
    reasons: Mapping[str, str]


def find_measured(
    root: Path, wanted: Mapping[str, Parts], names: Collection[str], warn: Callable[[str], None]
) -> Found:
    """What there is for the cells `wanted` (spec's key to parts of the measurement's key) among the records `names`.
    `warn` is told of records that can't be read."""
    every = [record for record in records.readable(root, warn, names) if record.result.status == "ok"]
    keyed = {record.result.measurement_key: record for record in every if _is_evidence(record)}
    of_spec: dict[str, list[Record]] = {}
    for record in reversed(every):
        of_spec.setdefault(record.result.spec_key, []).append(record)
    digests = {spec_key: measurement_key.digest(parts) for spec_key, parts in wanted.items()}
    done = {spec_key: keyed[digest] for spec_key, digest in digests.items() if digest in keyed}
    anew = [spec_key for spec_key in wanted if spec_key in of_spec and spec_key not in done]
    return Found(done, {spec_key: _reason(of_spec[spec_key], wanted[spec_key]) for spec_key in anew})


def _is_evidence(record: Record) -> bool:
    """Whether a record has a key, and nobody edited it since."""
    return record.result.measurement_key != "" and record.seal == "sealed"


def _reason(found: Sequence[Record], now: Parts) -> str:
    """What is in the way of the one of a spec's records, the newest first, that has the least in its way."""
    every = [_differences(record, now) for record in found]
    nearest: list[str] = min(every, key=len)
    return "; ".join(nearest)


def _differences(record: Record, now: Parts) -> list[str]:
    if record.seal == "edited":
        return [EDITED]
    before = record.content.get("measurement")
    if record.seal == "unsealed" or not isinstance(before, dict):
        return [KEYLESS]
    return measurement_key.differences(before, now)


def reason_lines(reasons: Mapping[str, str]) -> list[str]:
    """A line for each reason: `measured anew (12 cells): the measuring code changed`."""
    often: dict[str, int] = {}
    for reason in reasons.values():
        often[reason] = often.get(reason, 0) + 1
    return [f"measured anew ({count} cell{'s' if count > 1 else ''}): {reason}" for reason, count in often.items()]
