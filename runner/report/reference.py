"""What a column of speed-ups is over: the baseline that was chosen, and where its samples are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.errors import SpecError, nearest
from runner.records import Record
from runner.report.naming import imported, point, title

SELF = "self"
NO_BASELINE = "none"
# What a candidate shares with a baseline that is named by its label, such as `onnxruntime fp32`.
SHARED = ("model", "data", "train", "hardware", "scenario", "seed")


@dataclass(frozen=True)
class Reference:
    """The chosen baseline: one record's candidate, or what a label means for each row's model and data."""

    label: str
    record: Record | None = None


def choose(every: Sequence[Record], latest: Sequence[Record], wanted: str | None) -> Reference:
    """The baseline `wanted` (a record_id or a label), by default the label that most of `latest` carry.

    Raises SpecError where `wanted` is neither, or names a record that was not measured.
    """
    if wanted is None:
        return Reference(_usual(latest))
    labels = sorted({label(record) for record in every} - {"", SELF})
    if wanted in labels:
        return Reference(wanted)
    record = next((record for record in every if record.content["record_id"] == wanted), None)
    if record is None:
        known = [*labels, *(str(record.content["record_id"]) for record in every)]
        raise SpecError(
            f"--baseline {wanted}: neither a record nor a baseline's label.{nearest(wanted, known)}",
            f"Labels: {', '.join(labels) or 'none'}; or a record_id, the name of a folder in records/.",
        )
    if record.content["status"] != "ok":
        raise SpecError(f"--baseline {wanted}: that record is {record.content['status']}.", "Name a measured one.")
    if imported(record.content):
        raise SpecError(
            f"--baseline {wanted}: imported numbers are no baseline.", "Name a record that was measured here."
        )
    return Reference(f"{title(record.content['spec'])} ({wanted})", record)


def _usual(latest: Sequence[Record]) -> str:
    """The label that most rows carry. `self` is no baseline for other rows: it counts only where there is no other."""
    labels = [label(record) for record in latest if label(record)]
    common = Counter(one for one in labels if one != SELF) or Counter(labels)
    return common.most_common(1)[0][0] if common else NO_BASELINE


def label(record: Record) -> str:
    """The label of the baseline that a record was measured against; empty where there was none."""
    return str(baseline_of(record).get("label", ""))


def baseline_of(record: Record) -> Mapping[str, Any]:
    """`label`, `spec`, `key` of a record's own baseline; empty where it had none."""
    comparison = record.content.get("comparison") or {}
    found: Mapping[str, Any] = comparison.get("baseline", {})
    return found


def point_for(record: Record, chosen: Reference, every: Sequence[Record]) -> dict[str, Any] | None:
    """What `record` is to be compared with; None where nobody measured it."""
    if chosen.record is not None:
        return point(chosen.record.content["spec"])
    if label(record) == chosen.label:
        return point(baseline_of(record)["spec"])
    mine = _shared(record.content["spec"])
    specs = [baseline_of(other)["spec"] for other in reversed(every) if label(other) == chosen.label != SELF]
    return next((point(spec) for spec in specs if _shared(spec) == mine), None)


def _shared(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {axis: spec.get(axis) for axis in SHARED}


def source(wanted: Mapping[str, Any], chosen: Reference, every: Sequence[Record]) -> tuple[Record, str] | None:
    """The record and the role that hold the newest samples of the point `wanted`; None where there are none."""
    if chosen.record is not None:
        return (chosen.record, "candidate") if has_samples(chosen.record) else None
    for record in filter(has_samples, reversed(every)):
        if baseline_of(record) and point(baseline_of(record)["spec"]) == wanted:
            return record, "baseline"
        if point(record.content["spec"]) == wanted:
            return record, "candidate"
    return None


def has_samples(record: Record) -> bool:
    """Whether the record was measured and its samples are there."""
    return record.content["status"] == "ok" and (record.folder / "samples.npz").is_file()
