"""What a column of speed-ups is over: the baseline that was chosen, and where its samples are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.core.errors import SpecError, nearest
from runner.results import naming
from runner.results.naming import title
from runner.results.record_schema import Absent, Environment, Estimated, Imported, Role
from runner.results.records import Record
from runner.spec import labels
from runner.spec.labels import SELF, point

NO_BASELINE = "none"


@dataclass(frozen=True)
class Reference:
    """The chosen baseline: one record's candidate, or what a label means for each row's model and data. `known` are
    the baselines with that label, the newest first: spec, and the precision that it ran in."""

    label: str
    record: Record | None = None
    known: tuple[tuple[Mapping[str, Any], str], ...] = ()


def choose(every: Sequence[Record], latest: Sequence[Record], wanted: str | None) -> Reference:
    """The baseline `wanted` (a record_id or a label), by default the label that most of `latest` carry.

    Raises SpecError where `wanted` is neither, or names a record that was not measured.
    """
    if wanted is None:
        return _labelled(_usual(latest), every)
    known = sorted({label(record) for record in every} - {"", SELF})
    if wanted in known:
        return _labelled(wanted, every)
    record = next((record for record in every if record.result.record_id == wanted), None)
    if record is None:
        every_name = [*known, *(record.result.record_id for record in every)]
        raise SpecError(
            f"--baseline {wanted}: neither a record nor a baseline's label.{nearest(wanted, every_name)}",
            f"Labels: {', '.join(known) or 'none'}; or a record_id, the name of a folder in records/.",
        )
    match record.result.provenance:
        case Absent():
            raise SpecError(f"--baseline {wanted}: that record is {record.result.status}.", "Name a measured one.")
        case Imported() | Estimated():
            raise SpecError(
                f"--baseline {wanted}: {record.result.origin} numbers are no baseline.",
                "Name a record that was measured here.",
            )
    return Reference(f"{title(record.result)} ({wanted})", record)


def _labelled(wanted: str, every: Sequence[Record]) -> Reference:
    mine = [(found, record) for record in every if (found := record.result.baseline) and label(record) == wanted]
    newest = {str(point(found.spec)): (found.spec, record.result) for found, record in mine}
    known = ((spec, naming.precision(result, "baseline")) for spec, result in newest.values())
    return Reference(wanted, known=tuple(known))


def _usual(latest: Sequence[Record]) -> str:
    """The label that most rows carry. `self` is no baseline for other rows: it counts only where there is no other."""
    labels = [label(record) for record in latest if label(record)]
    common = Counter(one for one in labels if one != SELF) or Counter(labels)
    return common.most_common(1)[0][0] if common else NO_BASELINE


def label(record: Record) -> str:
    """The label of the baseline that a record was measured against; empty where there was none."""
    return naming.baseline(record.result)


def point_for(record: Record, chosen: Reference) -> dict[str, Any] | None:
    """What `record` is to be compared with; None where nobody measured it."""
    if chosen.record is not None:
        return point(chosen.record.result.spec)
    mine, own = record.result.spec, record.result.baseline
    if own and label(record) == chosen.label:
        return point(own.spec)
    for spec, ran in chosen.known:
        if point(spec) == point(mine) or labels.of_baseline(mine, spec, ran) == chosen.label != SELF:
            return point(spec)
    return None


def source(
    wanted: Mapping[str, Any], chosen: Reference, every: Sequence[Record], row: Record
) -> tuple[Record, Role] | None:
    """The record and the role that hold the newest samples of the point `wanted`, from the machine of `row` where there
    are any; None where there are none at all."""
    if chosen.record is not None:
        return (chosen.record, "candidate") if has_samples(chosen.record) else None
    found = list(_sources(wanted, every))
    machine = row.result.environment.identity
    near = (one for one in found if environment(*one).identity == machine)
    return next(near, found[0] if found else None)


def _sources(wanted: Mapping[str, Any], every: Sequence[Record]) -> Iterator[tuple[Record, Role]]:
    """The newest first."""
    for record in filter(has_samples, reversed(every)):
        theirs = record.result.baseline
        if theirs and point(theirs.spec) == wanted:
            yield record, "baseline"
        elif point(record.result.spec) == wanted:
            yield record, "candidate"


def environment(record: Record, role: Role) -> Environment:
    """Where one side of a record was measured: the baseline's device may be another one."""
    mine, theirs = record.result.environment, record.result.baseline
    return replace(mine, hardware=theirs.hardware) if role == "baseline" and theirs and theirs.hardware else mine


def has_samples(record: Record) -> bool:
    """Whether the record was measured and its samples are there."""
    return record.result.status == "ok" and (record.folder / "samples.npz").is_file()
