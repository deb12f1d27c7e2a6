"""What a finding rests on, in lines: the noise floor, the pairs that were disturbed, whether it is fit to publish."""

from __future__ import annotations

from collections.abc import Iterator

from runner.report import sustained
from runner.results import noise_floor as floors
from runner.results.formatting import ratio
from runner.results.record_schema import Result, WithoutFlagged

FEW = 3


def lines(result: Result) -> list[str]:
    """Of a measured record; older ones lack some."""
    return [*sustained.lines(result), *validity(result), *without_flagged(result), *flagged(result), *floor(result)]


def validity(result: Result) -> Iterator[str]:
    """`VALID: …` or `INVALID: …`, where measure=publish asked."""
    if found := result.validity:
        yield f"{found.verdict}: {found.reason}"


def without_flagged(result: Result) -> Iterator[str]:
    """The result without the pairs that were measured under worse conditions."""
    found = _without(result)
    if not found:
        return
    said = "no pair is left"
    if found.ratio is not None:
        said = f"{ratio(found.ratio, found.low, found.high)}: {found.verdict} ({found.pairs} pairs)"
    yield f"without the flagged pairs: {said}"


def flagged(result: Result) -> Iterator[str]:
    """What was wrong with each flagged pair; of many, the first few: `python -m runner report` marks them all."""
    without = _without(result)
    found = without.flagged if without else ()
    for one in found[:FEW]:
        yield f"flagged: pair {one.pair}: {'; '.join(one.reasons)}"
    if len(found) > FEW:
        yield f"flagged: {len(found) - FEW} more pairs; all of them: python -m runner report"


def _without(result: Result) -> WithoutFlagged | None:
    return result.comparison.without_flagged if result.comparison else None


def floor(result: Result) -> Iterator[str]:
    """The smallest difference that is called one, and where it comes from."""
    if result.comparison and result.comparison.floor:
        yield floors.worded(result.comparison.floor)
