"""Whether a record's result holds where it was measured again: by its ratio to the baseline, never by milliseconds, and
by its quality."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from runner.core.errors import SpecError, Unavailable
from runner.measure.noise_floor import NoiseFloor
from runner.results import formatting, noise_floor, quality_again, record_diff, unpaired
from runner.results.quality_again import QualityAgain
from runner.results.record_diff import Line
from runner.results.record_schema import Compared, Measured, Result
from runner.results.records import Record

Answer = Literal["holds here", "doesn't hold here", "can't be told"]
OPPOSITE = {"faster": "slower", "slower": "faster"}


@dataclass(frozen=True)
class Reproduction:
    """The answer, the ratios `here` and `there` (`1.41× [1.38, 1.44]`), why it can't be told, what differs, and what
    became of the quality."""

    answer: Answer
    here: str
    there: str
    reason: str
    differences: tuple[Line, ...]
    quality: QualityAgain

    @property
    def holds(self) -> bool:
        """Whether it does, surely."""
        return self.answer == "holds here"

    def document(self, record_id: str) -> dict[str, Any]:
        """JSON types: the fields, and the `record_id` of what was measured here."""
        return {"schema": 1, "record_id": record_id, **asdict(self)}

    @property
    def text(self) -> str:
        """`holds here (1.41× [1.38, 1.44] against 1.43× [1.40, 1.46])`."""
        return f"{self.answer} ({self.here} against {self.there}{self.reason and f': {self.reason}'})"


def check(record: Record) -> None:
    """Raises SpecError where a record was edited, is no measurement, or has no baseline to take the ratio to."""
    result = record.result
    if record.seal == "edited":
        raise SpecError(
            f"{result.record_id} was edited since it was written.", "Ask for the record as it was measured."
        )
    if not isinstance(result.provenance, Measured):
        raise SpecError(f"{result.record_id} is {result.origin}: it holds no measurement.", "Name a measured record.")
    if not result.comparison:
        reason = f"{result.record_id} was measured without a baseline: milliseconds are not compared across machines."
        raise SpecError(reason, "Ask for a record with a baseline.")
    if result.comparison.by_block_ms is not None:
        reason = f"{result.record_id} compares two devices: here is one."
        raise SpecError(reason, "Ask for a record whose baseline ran on the candidate's device.")


def check_files(there: Result, here: Mapping[str, str]) -> None:
    """Raises Unavailable where the files `here` (`{SHA-256: name}`) are not those that the record was measured with."""
    if here and not there.input_files:
        reason = f"{there.record_id} doesn't say what was in its files: it is from before records kept their hashes."
        raise Unavailable(reason, "Ask for one that was measured with this version.")
    lacking = [f"{name} (SHA-256 {digest[:12]}…)" for digest, name in there.input_files.items() if digest not in here]
    other = sorted(name for digest, name in here.items() if digest not in there.input_files)
    if lacking or other:
        found = f"; {', '.join(other)} has another content" if other else ""
        reason = f"The record was measured with {', '.join(lacking) or 'fewer files'}{found}."
        raise Unavailable(reason, "Ask whoever measured it for these files, and name them.")


def compared(here: Result, there: Result, calibrated: Mapping[str, NoiseFloor]) -> Reproduction:
    """Two comparisons of one spec: `here` against the one `there`, which `check` found sound.

    It holds where the verdict is the same and the interval of the ratios' quotient lies within twice
    `measure.equivalence`: each of the two is known no better than that. It doesn't where the interval lies wholly
    outside, the verdicts are opposite, or the quality differs (`quality_again.py`).
    """
    found = _by_ratio(here, there, calibrated)
    if found.holds and found.quality.answer == "differs":
        return replace(found, answer="doesn't hold here", reason=found.quality.text)
    return found


def _by_ratio(here: Result, there: Result, calibrated: Mapping[str, NoiseFloor]) -> Reproduction:
    mine, theirs = here.comparison, there.comparison
    rest = tuple(record_diff.differences(here, there)), quality_again.compared(here, there)
    if not mine or not theirs:
        return Reproduction("can't be told", _shown(mine), _shown(theirs), "one has no baseline", *rest)
    answer, reason = _answer(mine, theirs, here, noise_floor.between(here, there, calibrated))
    return Reproduction(answer, _shown(mine), _shown(theirs), reason, *rest)


def _answer(mine: Compared, theirs: Compared, here: Result, floor: NoiseFloor) -> tuple[Answer, str]:
    margin = 2 * here.measure.equivalence
    if not mine.by_pair or not theirs.by_pair:
        return "can't be told", "a record has no pairs"
    sides = [[np.array([1 / speedup]) for speedup in one.by_pair] for one in (mine, theirs)]
    found = unpaired.compared(sides[0], sides[1], unpaired.UNPAIRED, floor, margin, here.measure.confidence)
    if OPPOSITE.get(mine.verdict) == theirs.verdict:
        return "doesn't hold here", f"{mine.verdict}, not {theirs.verdict}"
    if found.low is None or found.high is None:
        return "can't be told", f"{found.processes[0]} and {found.processes[1]} pairs are too few"
    least, most = math.log(found.low), math.log(found.high)
    if least > math.log1p(margin) or most < -math.log1p(margin):
        return "doesn't hold here", ""
    if mine.verdict != theirs.verdict:
        return "can't be told", f"{mine.verdict} here, {theirs.verdict} there"
    inside = -math.log1p(margin) < least and most < math.log1p(margin)
    return ("holds here", "") if inside else ("can't be told", f"their quotient is {_quotient(found)}")


def _quotient(found: unpaired.Unpaired) -> str:
    return formatting.ratio(found.ratio, found.low, found.high)


def _shown(one: Compared | None) -> str:
    return formatting.ratio(one.ratio, one.low, one.high) if one else "no ratio"
