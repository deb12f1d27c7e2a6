"""Holm's correction: the verdicts of a family of comparisons, each as certain as the size of the family asks.

A family is declared before it is measured: a sweep, or the grid of a DVC pipeline. Its paired comparisons are corrected
over its size, whichever table or page shows them, so that a record has one verdict. A single run is alone: nothing that
is measured later weakens what it found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from runner.measure import holm
from runner.results.record_schema import Correction, Result
from runner.results.records import Record

FILE = "correction.json"  # beside a record that left its sweep behind: in an exported file
DIFFERENT = ("faster", "slower")


@dataclass(frozen=True)
class Finding:
    """One comparison of a family. `alpha` is the largest p-value with which it is a difference when it is alone."""

    verdict: str
    p_value: float
    alpha: float
    pairs: int


def correct(findings: Sequence[Finding], family: str, declared: int = 0) -> list[Correction]:
    """Each finding after the correction over all of them: a difference that is no longer certain enough becomes
    `ambiguous`; the other verdicts stay. Of a family of `declared` comparisons those that are not here count as the
    least certain: what is still to be measured can't take a verdict back."""
    size = max(declared, len(findings))
    adjusted = holm.adjusted([*(one.p_value for one in findings), *[1.0] * (size - len(findings))])
    return [_one(found, p, size, family) for found, p in zip(findings, adjusted, strict=False)]


def _one(found: Finding, p: float, comparisons: int, family: str) -> Correction:
    uncertain = found.verdict in DIFFERENT and p > found.alpha
    verdict = "ambiguous" if uncertain else found.verdict
    return Correction(verdict, found.verdict, p, found.alpha, comparisons, family)


def paired(result: Result) -> Finding | None:
    """A record's own comparison; None where it has none that can be tested (no baseline, an older record)."""
    found = result.comparison
    if not result.measured or found is None or found.p_value is None:
        return None
    return Finding(found.verdict, found.p_value, alpha(result, strict=True), found.pairs)


def alpha(result: Result, strict: bool) -> float:
    """The share of false differences that a record's spec allows: less (`strict`) where it was looked at repeatedly,
    as pairs are while they are measured; stored samples are looked at once."""
    return 1 - (result.measure.strict if strict else result.measure.confidence)


def of_sweep(every: Iterable[Record], sweep: str) -> dict[str, Correction]:
    """`{record_id: correction}` over the paired comparisons of one sweep, the latest of each spec. What was edited is
    none."""
    own = (record for record in every if record.result.sweep == sweep and record.seal != "edited")
    latest = {record.result.spec_key: record.result for record in own}
    found = {result.record_id: one for result in latest.values() if (one := paired(result))}
    corrected = correct(list(found.values()), f"sweep {sweep}", declared(latest.values()))
    return dict(zip(found, corrected, strict=True))


def declared(results: Iterable[Result]) -> int:
    """How many comparisons a sweep's records say it has; 0 where they are from before that was kept."""
    return max((result.comparisons for result in results), default=0)


def of_sweeps(records: Sequence[Record]) -> dict[str, Correction]:
    """`{record_id: correction}` over the paired comparisons of every sweep that `records` were measured in."""
    sweeps = {record.result.sweep for record in records if record.result.sweep}
    return {record_id: one for sweep in sweeps for record_id, one in of_sweep(records, sweep).items()}


def contents(records: Sequence[Record]) -> list[dict[str, Any]]:
    """What the records of a whole sweep hold, each with its corrected verdict: that of the sweep which measured it."""
    found = of_sweeps(records)
    return [as_corrected(record.content, found.get(record.result.record_id)) for record in records]


def of_record(record: Record, every: Iterable[Record]) -> Correction | None:
    """What a record's verdict is in its sweep: from the records of that sweep among `every`, or from the file that an
    export put beside it. None for one that is in no sweep, is not its spec's latest, or whose sweep is elsewhere."""
    beside = record.folder / FILE
    if beside.is_file():
        return Correction(**json.loads(beside.read_text(encoding="utf-8")))
    sweep = record.result.sweep
    return of_sweep(every, sweep).get(record.result.record_id) if sweep else None


def as_json(correction: Correction) -> str:
    """The content of FILE."""
    return json.dumps(asdict(correction), indent=1) + "\n"


def applied(result: Result, correction: Correction | None) -> Result:
    """A result whose comparison has the corrected verdict."""
    if correction is None or result.comparison is None:
        return result
    return replace(result, comparison=replace(result.comparison, verdict=correction.verdict, correction=correction))


def as_corrected(content: Mapping[str, Any], correction: Correction | None) -> dict[str, Any]:
    """A record's content, in JSON types, with the corrected verdict in its comparison, and how it came about under
    `correction`."""
    comparison = content.get("comparison")
    if correction is None or not comparison:
        return dict(content)
    return {**content, "comparison": {**comparison, "verdict": correction.verdict, "correction": asdict(correction)}}


def sentence(correction: Correction) -> str:
    """What the correction did, in words."""
    told = (
        f"Among the {correction.comparisons} comparisons of {correction.family} (Holm's correction): "
        f"p = {correction.p_value:.2g}, at most {correction.alpha:.2g} is a difference"
    )
    if not correction.taken_back:
        return f"{told}; the verdict stands."
    return f"{told}: {correction.verdict}. Alone it would be {correction.alone}."
