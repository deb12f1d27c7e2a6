"""Which rows may be ranked in one table: those with one baseline, as many threads, one batch size, on one machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.core.hashing import canonical
from runner.results.rows import Row
from runner.spec import labels

NOT_COMPARED = "compared with nothing"
ELSEWHERE = {"imported": "measured elsewhere", "estimated": "estimated"}
NUMBERED = {"made": "build of the baseline", "machine": "machine", "place": "board"}  # what hashes tell apart
UNTOLD = ("made", "libraries", "place")  # what older records don't tell


@dataclass(frozen=True)
class _Kind:
    """What rows of one group have in common: the baseline's spec (JSON) and the key of what was compiled of it, the
    libraries that it ran with, the candidate's threads, batch and machine (what it is, and which `place` of those
    alike), what the speed-up is over, and the machine's `cpu`. Libraries and place are JSON."""

    base: str
    made: str
    libraries: str
    threads: str
    batch: str
    machine: str
    place: str
    over: str
    cpu: str = ""


def arranged(rows: Sequence[Row], over: str) -> tuple[Row, ...]:
    """The rows, those of one group together and named by `Row.group`: the groups in the order of their best rows, then
    what was not measured. `over` is the baseline in the table's heading. Of one group alone nothing is said."""
    kinds = _joined([_kind(row) for row in rows if row.measured])
    of_kind: dict[_Kind, list[Row]] = {}
    for kind, row in zip(kinds, [row for row in rows if row.measured], strict=True):
        of_kind.setdefault(kind, []).append(row)
    words = _words(list(of_kind), over)
    found = [replace(row, group=words[kind]) for kind, members in of_kind.items() for row in members]
    return (*found, *(row for row in rows if not row.measured))


def _kind(row: Row) -> _Kind:
    against = row.against
    if not row.result.measured:
        return _Kind("", "", "", "", "", "", "", ELSEWHERE[row.result.origin])
    threads = str(row.result.spec["backend"].get("threads", ""))
    over = against.over if against else NOT_COMPARED
    made = against.made if against else ""
    base = canonical(row.base) if row.base else ""
    batch = str(row.result.spec.get("scenario", {}).get("batch", ""))
    return _Kind(
        base, made, _libraries(row), threads, batch, _machine(row), _place(row), over, row.result.environment.cpu
    )


def machine(row: Row) -> dict[str, str]:
    """What tells the machine that a row was measured on from others."""
    import json

    place: dict[str, str] = json.loads(_place(row) or "{}")
    return {**place, "machine": _machine(row)}


def _machine(row: Row) -> str:
    machine = row.result.environment
    cpu = machine.cpu or "unknown"
    return f"{cpu} {machine.identity[:12]}" if machine.identity else cpu


def _place(row: Row) -> str:
    """Two boards of one model are two machines: a device's address and its machine-id tell them apart. Nor is one with
    other variables the same."""
    side = row.result.measurement.get("candidate")
    if not side:
        return ""
    return canonical({**side.variables, "board": f"{side.address} {side.machine_id[:8]}".strip()})


def _libraries(row: Row) -> str:
    """The versions of the baseline's libraries where it was measured with the row, or is the row: candidates have each
    their own."""
    sides, against = row.result.measurement, row.against
    if against is None or not (against.own or against.kind == "baseline"):
        return ""
    side = sides.get("baseline") or sides.get("candidate")
    return canonical({name: _release(one) for name, one in side.versions.items()}) if side and side.versions else ""


def _release(version: Any) -> str:
    """Without its build, which older records don't tell."""
    return str(version).partition(" (build")[0]


def _joined(kinds: Sequence[_Kind]) -> list[_Kind]:
    """A record that doesn't say what its baseline was made from or ran with, or where it was measured, belongs to those
    that are alike in all that it says, where these are of one kind."""
    distinct = list(dict.fromkeys(kinds))
    full = [kind for kind in distinct if not any(_says_less(kind, other) for other in distinct)]
    found = {kind: [other for other in full if _says_less(kind, other)] for kind in distinct}
    return [found[kind][0] if len(found[kind]) == 1 else kind for kind in kinds]


def _says_less(kind: _Kind, other: _Kind) -> bool:
    """Whether `kind` is `other` with some of what older records don't tell left out."""
    told = {field: getattr(other, field) for field in UNTOLD if not getattr(kind, field)}
    return kind != other and replace(kind, **told) == other


def _words(kinds: Sequence[_Kind], over: str) -> dict[_Kind, str]:
    """What tells each group from the others; nothing where there is one."""
    if len(kinds) < 2:
        return dict.fromkeys(kinds, "")
    flat = [_facts(kind) for kind in kinds]
    differing = labels.distinguishing(flat)
    found = {}
    for kind, facts in zip(kinds, flat, strict=True):
        told = [f"{key} {facts[key]}" for key in differing if facts.get(key)]
        named = [kind.over] if kind.over in (NOT_COMPARED, *ELSEWHERE.values()) or kind.over != over else []
        found[kind] = (*named, *told)
    return {kind: ", ".join([*told, *_numbers(kind, found)]) or f"over {kind.over}" for kind, told in found.items()}


def _numbers(kind: _Kind, told: Mapping[_Kind, tuple[str, ...]]) -> Iterator[str]:
    """What tells it from those of which the same is told, where hashes alone differ: a number says as much as they."""
    same = [one for one in told if told[one] == told[kind]]
    for field, name in NUMBERED.items():
        values = list(dict.fromkeys(getattr(one, field) for one in same))
        if len(values) > 1:
            yield f"{name} {values.index(getattr(kind, field)) + 1}"


def _facts(kind: _Kind) -> Mapping[str, str]:
    import json

    base = dict(labels.flatten(json.loads(kind.base))) if kind.base else {}
    threads = "" if kind.threads == base.get("backend.threads") else kind.threads  # said once
    batch = "" if kind.batch == base.get("scenario.batch") else kind.batch
    own = {"threads": threads, "batch": batch, "machine": kind.cpu}
    told = [json.loads(one) for one in (kind.libraries, kind.place) if one]
    found = {**base, **own, **{name: value for one in told for name, value in one.items()}}
    return {**found, "board": found.get("board", "").partition(" ")[0]}
