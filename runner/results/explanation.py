"""Where two measurements differ in time, by group of layers, and why, as far as their profiles show it.

A reason is tied to the layers that show it. Where a profile is missing, what the record itself says is left: which
operators ran in which precision, what fell back, threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.errors import SpecError
from runner.measure.layer_groups import grouped, total_ms
from runner.results import layers, naming
from runner.results.explanation_reasons import Reason, held_back, reasons
from runner.results.explanation_side import P50, Profile, Side
from runner.results.record_diff import Beside, Line
from runner.results.record_schema import ROLES, Absent, Result, Role
from runner.results.records import Record
from runner.spec.labels import SELF, flatten

UNASKED = "it was measured without profile=layers"
APART = ("faster", "slower")  # verdicts that tell two things apart
WORK = ("model", "scenario")  # axes that say what is done, not by whom
SLOWED = 1.25  # times a run's own time, from which on a profiler is said to slow it


@dataclass(frozen=True)
class Group:
    """Layers of one kind: how many, and what they take in a run under the profiler, on each side."""

    name: str
    counts: tuple[int, int]
    ms: tuple[float, float]

    @property
    def difference_ms(self) -> float:
        """How much longer the candidate takes."""
        return self.ms[0] - self.ms[1]


@dataclass(frozen=True)
class Finding:
    """The speed-up with its interval, as `compare` says it, and how the two were measured."""

    ratio: float
    low: float | None
    high: float | None
    verdict: str
    kind: str

    @property
    def told_apart(self) -> bool:
        """Whether one of the two is surely the faster one."""
        return self.verdict in APART


@dataclass(frozen=True)
class Explanation:
    """`candidate` against `baseline`. `groups` are there where both have a profile, the largest difference first;
    `reasons` are of the `slower` side, the dearest first. `differences` is what their specs and machines don't
    share."""

    candidate: Side
    baseline: Side
    finding: Finding
    groups: tuple[Group, ...]
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]
    differences: tuple[Line, ...]

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.candidate, self.baseline

    @property
    def slower(self) -> Side:
        return slower_first(self.candidate, self.baseline)[0]


def of_two(two: Beside) -> Explanation:
    """Two records' candidates, each with its own profile. Raises SpecError where a profile is damaged, and of one
    record with itself."""
    if two.candidate.result.record_id == two.baseline.result.record_id:
        reason = f"{two.candidate.result.record_id} stands on both sides."
        raise SpecError(reason, "Name another record, or none: then it is held against its own baseline.")
    sides = [_side(two.candidate, "candidate", "candidate"), _side(two.baseline, "candidate", "baseline")]
    found = two.comparison
    finding = Finding(found.ratio, found.low, found.high, found.verdict, found.kind)
    return _explained(sides[0], sides[1], finding, two.differences)


def of_one(record: Record) -> Explanation:
    """A record's candidate and the baseline that it was measured against. Raises SpecError where it has none."""
    result = record.result
    if isinstance(result.provenance, Absent) or not result.measured:
        raise SpecError(f"{result.record_id} holds no measurement of ours.", "Name a measured record.")
    found = result.comparison
    if found is None:
        advice = "Name two records: python -m runner explain CANDIDATE BASELINE"
        raise SpecError(f"{result.record_id} was measured without a baseline.", advice)
    sides = [_side(record, role, role) for role in ROLES]
    finding = Finding(found.ratio, found.low, found.high, found.verdict, found.kind)
    return _explained(sides[0], sides[1], finding, tuple(_settings(result.spec, found.baseline.spec)))


def _settings(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Line]:
    """What two specs don't share."""
    specs = [dict(flatten(spec)) for spec in (mine, theirs)]
    for key in dict.fromkeys((*specs[0], *specs[1])):
        if specs[0].get(key) != specs[1].get(key):
            yield key, specs[0].get(key, "–"), specs[1].get(key, "–")


def _side(record: Record, role: Role, called: Role) -> Side:
    """What a record says of one of its sides, which is `called` so in the explanation."""
    result, found = record.result, layers.read(record.folder)
    part = found if role == "candidate" else found.get("baseline", {})
    profile = Profile.read(part) if "layers" in part else None
    spec = result.spec if role == "candidate" or result.baseline is None else result.baseline.spec
    metrics = result.metrics if role == "candidate" or result.baseline is None else result.baseline.metrics
    return Side(
        role=called,
        name=_name(result, role),
        record_id=result.record_id,
        spec=spec,
        effective=result.ran(role),
        profile=profile,
        missing="" if profile else part.get("reason", result.unavailable.get(layers.ABSENT, UNASKED)),
        p50_ms=metrics.get(P50),
        roofline=result.roofline.get(role),
    )


def _name(result: Result, role: Role) -> str:
    if role == "candidate":
        return naming.title(result)
    label = naming.baseline(result)
    return naming.title(result) if label == SELF else label


def slower_first(one: Side, other: Side) -> tuple[Side, Side]:
    """The one that took longer, and the other; the first where nobody measured it."""
    later = one.p50_ms is not None and other.p50_ms is not None and other.p50_ms > one.p50_ms
    return (other, one) if later else (one, other)


def _explained(candidate: Side, baseline: Side, finding: Finding, differing: Sequence[Line]) -> Explanation:
    slow, fast = slower_first(candidate, baseline)
    return Explanation(
        candidate,
        baseline,
        finding,
        tuple(_groups(candidate.profile, baseline.profile)),
        tuple(reasons(slow, fast)),
        (*_notes(candidate, baseline, finding), *_beside(slow, fast, differing)),
        tuple(differing),
    )


def _beside(slow: Side, fast: Side, differing: Sequence[Line]) -> Iterator[str]:
    """What is no reason, and to be known: the two do different work, or the faster one is held back."""
    work = [f"{key} {mine} against {theirs}" for key, mine, theirs in differing if key.partition(".")[0] in WORK]
    if work:
        yield f"They don't do the same work ({', '.join(work)}): a reason may lie in that, not in what runs it."
    yield from (f"The {fast.role} is the faster one although {one.told}." for one in held_back(fast))


def _groups(mine: Profile | None, theirs: Profile | None) -> list[Group]:
    """The largest difference first; empty unless both have a profile."""
    if mine is None or theirs is None:
        return []
    sides = [grouped(one.layers) for one in (mine, theirs)]
    found = [_group(name, *(side.get(name, []) for side in sides)) for name in dict.fromkeys((*sides[0], *sides[1]))]
    found.append(Group("in no layer", (0, 0), (mine.rest_ms, theirs.rest_ms)))
    return sorted(found, key=lambda group: -abs(group.difference_ms))


def _group(name: str, mine: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> Group:
    return Group(name, (len(mine), len(theirs)), (total_ms(mine), total_ms(theirs)))


def _notes(candidate: Side, baseline: Side, finding: Finding) -> Iterator[str]:
    if not finding.told_apart:
        differ = "where their profiles differ" if candidate.profile and baseline.profile else "what their records hold"
        yield f"These two can't be told apart ({finding.verdict}): what follows is {differ}, which may be luck."
    for side in (candidate, baseline):
        one = side.profile
        if one and one.measured_ms and one.run_ms > SLOWED * one.measured_ms:
            yield (
                f"The {side.role} takes {one.run_ms / one.measured_ms:.1f}× as long under the profiler as without it: "
                "its times say which layers matter, not how long they take."
            )
        if one and one.hides:
            yield (
                f"The {side.role}'s layers alone take longer under the profiler than a whole run without it: what lies "
                "between them can't be told."
            )
    slow, fast = (side.profile for side in slower_first(candidate, baseline))
    if slow and fast and slow.run_ms < fast.run_ms:
        yield "Under the profilers it is the other way round: they slow the two sides by unlike amounts."
    if slow and fast and slow.statistic != fast.statistic:
        yield "One profiler keeps medians, the other one means: a few slow runs weigh on the means alone."
