"""An explanation as sentences and a table: what terminal, HTML and JSON show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runner.backends import loading
from runner.core.advice import shell
from runner.core.errors import RunnerError, SpecError
from runner.report.report_model import Section
from runner.results.condition_labels import NOTHING
from runner.results.explanation import UNASKED, Explanation, Group
from runner.results.explanation_side import Side
from runner.results.formatting import number, ratio, signed
from runner.spec import record_words

LEAST_SHARE = 0.001  # of the longer run, below which a group's difference is none
HEADS = ("layers", "candidate", "baseline", "difference, ms")
UNWATCHED = "its backend can't time its layers"
MANY = 12  # layers of a reason that are listed


@dataclass(frozen=True)
class Page:
    """`finding` is said first. `missing` says which side has no profile, and the command that makes one."""

    found: Explanation
    heading: str
    finding: str
    missing: tuple[str, ...]
    groups: Section
    differences: Section


def collect(found: Explanation, project: Path) -> Page:
    """What is shown of it; `project` has the options that commands name."""
    return Page(
        found,
        f"{found.candidate.name} against {found.baseline.name}",
        _finding(found),
        tuple(_missing(found, project)),
        Section("Where the time is (ms of a run under the profiler)", HEADS, tuple(_groups(found))),
        Section("What differs", ("", "candidate", "baseline"), found.differences),
    )


def _finding(found: Explanation) -> str:
    one = found.finding
    times = [side.p50_ms for side in found.sides]
    shown = f"{ratio(one.ratio, one.low, one.high)} as fast ({one.kind}): {one.verdict}"
    if None in times:
        return f"{found.candidate.name} is {shown}."
    medians = " against ".join(f"{number(time)} ms" for time in times if time is not None)
    return f"{found.candidate.name} is {shown}; medians {medians}."


def _missing(found: Explanation, project: Path) -> Iterator[str]:
    for side in found.sides:
        if side.profile is None:
            yield f"{side.name} has no profile: {side.missing if _profiles(side) else UNWATCHED}"
    asked = (side.record_id for side in found.sides if side.missing == UNASKED and _profiles(side))
    for record_id in dict.fromkeys(asked):
        yield f"This makes one: {_command(found, record_id, project)}"


def _profiles(side: Side) -> bool:
    """Whether its backend has a profiler, as far as it is known here."""
    try:
        return loading.backend(str(side.spec.get("backend", {}).get("name"))).capabilities.profile
    except RunnerError:
        return True


def _command(found: Explanation, record_id: str, project: Path) -> str:
    """Of the record's own spec: its candidate's, from which its baseline follows."""
    spec = next(side.spec for side in found.sides if side.record_id == record_id)
    try:
        words = record_words.told(spec, project)
    except SpecError:  # an option that isn't here
        words = []
    kept = [word for word in words if not word.startswith("profile")]
    return f"python -m runner {' '.join(map(shell, kept))} profile=layers"


def _groups(found: Explanation) -> Iterator[tuple[str, ...]]:
    runs = [side.profile.run_ms for side in found.sides if side.profile]
    least = LEAST_SHARE * max(runs, default=0.0)
    for group in found.groups:
        if max(group.ms) >= least:
            yield group.name, _cell(group, 0), _cell(group, 1), signed(group.difference_ms)
    if found.groups:
        whole = Group("a run under the profiler", (0, 0), (runs[0], runs[1]))
        yield whole.name, _cell(whole, 0), _cell(whole, 1), signed(whole.difference_ms)


def _cell(group: Group, side: int) -> str:
    count = f" ({group.counts[side]} layer{'' if group.counts[side] == 1 else 's'})" if group.counts[side] else ""
    return f"{number(group.ms[side])}{count}" if group.ms[side] or count else NOTHING


def as_json(page: Page) -> dict[str, Any]:
    """JSON types."""
    found = page.found
    return {
        "schema": 1,
        "finding": page.finding,
        "told_apart": found.finding.told_apart,
        "comparison": asdict(found.finding),
        "candidate": _side(found.candidate),
        "baseline": _side(found.baseline),
        "slower": "candidate" if found.slower is found.candidate else "baseline",
        "groups": [{**asdict(group), "difference_ms": group.difference_ms} for group in found.groups],
        "reasons": [asdict(reason) for reason in found.reasons],
        "notes": list(found.notes),
        "missing": list(page.missing),
        "differences": [dict(zip(("what", "candidate", "baseline"), line, strict=True)) for line in found.differences],
    }


def _side(side: Side) -> Mapping[str, Any]:
    return {"name": side.name, "record_id": side.record_id, "p50_ms": side.p50_ms, "spec": side.spec}


def listed(layers: tuple[str, ...]) -> str:
    """The layers that show a reason; of many the first ones, and how many there are."""
    more = len(layers) - MANY
    return ", ".join(layers[:MANY]) + (f" and {more} more" if more > 0 else "")
