"""What a finding rests on, in lines: the noise floor, the pairs that were disturbed, whether it is fit to publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runner.results import noise_floor as floors
from runner.results.formatting import ratio

FEW = 3


def lines(content: Mapping[str, Any]) -> list[str]:
    """Of a measured record's content; older records lack some."""
    return [*validity(content), *without_flagged(content), *flagged(content), *floor(content)]


def validity(content: Mapping[str, Any]) -> Iterator[str]:
    """`VALID: …` or `INVALID: …`, where measure=publish asked."""
    if found := content.get("validity"):
        yield f"{found['verdict']}: {found['reason']}"


def without_flagged(content: Mapping[str, Any]) -> Iterator[str]:
    """The result without the pairs that were measured under worse conditions."""
    found = _without(content)
    if not found:
        return
    said = "no pair is left"
    if found["ratio"] is not None:
        said = f"{ratio(found['ratio'], found['low'], found['high'])}: {found['verdict']} ({found['pairs']} pairs)"
    yield f"without the flagged pairs: {said}"


def flagged(content: Mapping[str, Any]) -> Iterator[str]:
    """What was wrong with each flagged pair; of many, the first few: `python -m runner report` marks them all."""
    found = _without(content).get("flagged", ())
    for one in found[:FEW]:
        yield f"flagged: pair {one['pair']}: {'; '.join(one['reasons'])}"
    if len(found) > FEW:
        yield f"flagged: {len(found) - FEW} more pairs; all of them: python -m runner report"


def _without(content: Mapping[str, Any]) -> Mapping[str, Any]:
    return (content.get("comparison") or {}).get("without_flagged") or {}


def floor(content: Mapping[str, Any]) -> Iterator[str]:
    """The smallest difference that is called one, and where it comes from."""
    if found := (content.get("comparison") or {}).get("floor"):
        yield floors.worded(found)
