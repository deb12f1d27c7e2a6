"""Samples in two parts: by the loss on one a model is chosen, on the other it is stated. On samples that chose it a
loss looks smaller than it is."""

from __future__ import annotations

from dataclasses import replace

from runner.data.scoring import PerSample
from runner.measure.quality_interval import block

LEAST_HITS = 250  # right and wrong answers of a part: a loss of 1 % can just be ruled out
LEAST_BLOCKS = 16  # of neighbours, of a part
Part = slice


def parted(one: PerSample) -> tuple[Part, Part] | None:
    """(samples that choose, samples on which the loss is stated); None where they are too few for both.

    Right and wrong answers: every second one, as data may lie in the order of their classes. Errors: the earlier half
    and the later one, without those in between that share what they are scored on with both."""
    if one.kind == "whole":
        return None
    if one.kind == "hits":
        return (slice(0, None, 2), slice(1, None, 2)) if len(one.values) >= 2 * LEAST_HITS else None
    middle = len(one.values) // 2
    parts = slice(0, middle), slice(middle + one.overlap - 1, None)
    enough = all(len(part.values) >= LEAST_BLOCKS * block(part) for part in (of(one, each) for each in parts))
    return parts if enough else None


def of(one: PerSample, part: Part) -> PerSample:
    """One side's samples of that part."""
    return replace(one, values=one.values[part])
