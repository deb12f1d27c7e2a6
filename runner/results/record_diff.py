"""Two records side by side: of one machine on two days (*unpaired*), or of two machines (*across devices*)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.core.errors import SpecError, StepFailed
from runner.measure import samples
from runner.measure.noise_floor import NoiseFloor
from runner.results import noise_floor as floors
from runner.results import unpaired
from runner.results.condition_labels import NOTHING, WORDS, spread, worded
from runner.results.record_schema import Absent, Estimated, Imported, Result
from runner.results.records import Record
from runner.results.unpaired import Unpaired
from runner.spec.labels import flatten, point

# What machines are told apart by, and what it is called.
MACHINE = {
    "cpu": "CPU", "board": "board", "machine": "architecture", "usable_cores": "usable cores",
    "memory_mb": "memory, MB", "governor": "governor", "cpu_limit": "limit of a container, CPUs",
    "hypervisor": "hypervisor", "os": "OS", "kernel": "kernel", "identity": "identity",
}  # fmt: skip

Line = tuple[str, str, str]  # what, the candidate's, the baseline's


@dataclass(frozen=True)
class Beside:
    """Two records and what can be said of them. `through` is the same ratio by way of the baseline that both were
    measured against, and `drift` that baseline's own change; None where they share none."""

    candidate: Record
    baseline: Record
    comparison: Unpaired
    through: Unpaired | None
    drift: Unpaired | None
    differences: tuple[Line, ...]
    conditions: tuple[Line, ...]
    notes: tuple[str, ...]


def beside(candidate: Record, baseline: Record, calibrated: Mapping[str, NoiseFloor] = floors.UNCALIBRATED) -> Beside:
    """`candidate` against `baseline`, from the samples of each one's own candidate; `calibrated` holds noise floors by
    the hardware's identity (`calibration.noise_floors`).

    Raises SpecError where one was not measured here or by a colleague, has no samples, or is of another scenario.
    """
    for record in (candidate, baseline):
        _check(record)
    mine, theirs = candidate.result, baseline.result
    if mine.spec.get("scenario") != theirs.spec.get("scenario"):
        raise SpecError(
            f"{theirs.record_id} was measured in another scenario than {mine.record_id}.",
            "Their latencies mean different things: measure both in one scenario.",
        )
    floor = floors.between(mine, theirs, calibrated)
    kind = unpaired.kind(mine.environment, theirs.environment)
    rest = (mine.measure.equivalence, mine.measure.confidence)
    through, drift = _by_way(candidate, baseline, kind, floor, rest)
    return Beside(
        candidate,
        baseline,
        _found(candidate, baseline, kind, _allowing(floor, drift) if drift else floor, rest, drift),
        through,
        drift,
        tuple(differences(mine, theirs)),
        tuple(_conditions(mine, theirs)),
        tuple(_notes(candidate, baseline, kind)),
    )


Ways = tuple[Unpaired | None, Unpaired | None]


def _by_way(candidate: Record, baseline: Record, kind: str, floor: NoiseFloor, rest: tuple[float, float]) -> Ways:
    """`through` and `drift` of Beside."""
    if kind != unpaired.UNPAIRED or not _same_baseline(candidate, baseline):
        return None, None
    theirs = [_processes(record, "baseline") for record in (candidate, baseline)]
    return (
        unpaired.compared(_relative(candidate), _relative(baseline), kind, floor, *rest),
        unpaired.compared(theirs[0], theirs[1], kind, floor, *rest),
    )


def _found(
    candidate: Record,
    baseline: Record,
    kind: str,
    floor: NoiseFloor,
    rest: tuple[float, float],
    drift: Unpaired | None,
) -> Unpaired:
    sides = [_processes(record, "candidate") for record in (candidate, baseline)]
    found = unpaired.compared(sides[0], sides[1], kind, floor, *rest)
    if drift and drift.verdict != "same" and found.verdict == "same":
        # What stayed as fast on a machine that didn't has changed, or may have.
        return replace(found, verdict="ambiguous")
    return found


def _check(record: Record) -> None:
    name = record.result.record_id
    match record.result.provenance:
        case Absent():
            raise SpecError(f"{name} is {record.result.status}: it holds no measurement.", "Name a measured record.")
        case Imported():
            raise SpecError(f"{name} holds imported numbers.", "They have no samples, and are never compared.")
        case Estimated():
            raise SpecError(f"{name} holds estimates.", "They have no samples, and are never compared.")
    try:
        either = [_processes(record, role) for role in ("candidate", "baseline")]
    except StepFailed as error:
        raise SpecError(f"{name}: {error.reason}", error.next_step) from error
    if not either[0]:
        raise SpecError(f"{name}: samples.npz has no candidate.", "Measure again, or ask for the samples.")


def _processes(record: Record, role: str) -> list[npt.NDArray[np.float64]]:
    return list(samples.read(record.folder / "samples.npz", role).values())


def _relative(record: Record) -> list[npt.NDArray[np.float64]]:
    """Of each pair the candidate's median in units of its baseline's: what slowed both down is gone."""
    mine, theirs = (samples.read(record.folder / "samples.npz", role) for role in ("candidate", "baseline"))
    return [np.array([np.median(mine[pair]) / np.median(theirs[pair])]) for pair in mine if pair in theirs]


def _same_baseline(one: Record, other: Record) -> bool:
    mine, theirs = one.result.baseline, other.result.baseline
    if not mine or not theirs or not all(_processes(record, "baseline") for record in (one, other)):
        return False
    return point(mine.spec) == point(theirs.spec) and mine.keys == theirs.keys


def _allowing(floor: NoiseFloor, drift: Unpaired) -> NoiseFloor:
    """A noise floor no lower than what the shared baseline itself changed by."""
    ends = [drift.ratio, *(end for end in (drift.low, drift.high) if end)]
    moved = max(abs(math.log(end)) for end in ends)
    if drift.verdict == "same" or math.expm1(moved) <= floor.value:
        return floor
    return NoiseFloor(math.expm1(moved), "what the baseline of both changed by in between")


def differences(mine: Result, theirs: Result) -> Iterator[Line]:
    """What is not the same: settings, artifacts made by other code or tools, versions, the machine."""
    specs = [dict(flatten(one.spec)) for one in (mine, theirs)]
    for key in dict.fromkeys(key for spec in specs for key in spec):
        if specs[0].get(key) != specs[1].get(key):
            yield key, specs[0].get(key, "–"), specs[1].get(key, "–")
    environments = [mine.environment, theirs.environment]
    packages = [{"python": one.python, **one.packages} for one in environments]
    yield from _differing(packages, sorted({name for one in packages for name in one}), "version of ")
    named = [{words: one.hardware.get(name) for name, words in MACHINE.items()} for one in environments]
    yield from _differing(named, MACHINE.values(), "machine: ")
    if specs[0] == specs[1]:
        short = [{step: key[:16] for step, key in one.keys.items()} for one in (mine, theirs)]
        yield from _differing(short, list(dict.fromkeys(step for one in short for step in one)), "key of ")


def _differing(sides: list[dict[str, Any]], names: Any, prefix: str) -> Iterator[Line]:
    for name in names:
        one, other = (side.get(name) for side in sides)
        if one != other:
            yield f"{prefix}{name}", _shown(one), _shown(other)


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)


def _conditions(mine: Result, theirs: Result) -> Iterator[Line]:
    sides = [one.conditions.spreads for one in (mine, theirs)]
    for name in dict.fromkeys((*WORDS, *sides[0], *sides[1])):
        cells = [spread(side.get(name)) for side in sides]
        if cells != [NOTHING, NOTHING]:
            yield worded(name), cells[0], cells[1]


def _notes(candidate: Record, baseline: Record, kind: str) -> Iterator[str]:
    mine, theirs = candidate.result, baseline.result
    if mine.record_id == theirs.record_id:
        yield "Both are the same record."
    if kind == unpaired.ACROSS:
        yield (
            "Across devices: each side ran on its own machine, at its own time. The interval is a two-sample one: it "
            "holds how much each machine's processes scattered, and knows nothing of other days."
        )
        return
    yield (
        "Unpaired: measured at different times, so what slowed the machine down for a while doesn't cancel. The "
        "interval is wider than that of pairs, and knows nothing of what changed in between (clock, temperature, load)."
    )
    if None in (mine.environment.identity, theirs.environment.identity):
        yield "A record doesn't say on which hardware it was measured: it may be another machine."
