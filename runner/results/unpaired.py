"""Two stored measurements that were not taken in turns, as a comparison: *unpaired* or *across devices*."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runner.measure import two_sample
from runner.measure.noise_floor import NoiseFloor
from runner.measure.two_sample import Floats
from runner.measure.verdict import verdict
from runner.results.record_schema import Environment

UNPAIRED, ACROSS = "unpaired", "across devices"


@dataclass(frozen=True)
class Unpaired:
    """What two stored measurements say of the speed-up: the two-sample interval of per-process medians and the verdict.

    `low`, `high` and `confidence` are None where there are too few processes; `pairs` counts the smaller side's,
    `processes` the candidate's and the baseline's. `kind` is UNPAIRED or ACROSS.
    """

    ratio: float
    low: float | None
    high: float | None
    confidence: float | None
    verdict: str
    p_value: float
    floor: NoiseFloor
    kind: str
    pairs: int
    processes: tuple[int, int]


def kind(mine: Environment, theirs: Environment) -> str:
    """`across devices` where two records are of different hardware, else `unpaired`."""
    identities = {mine.identity, theirs.identity}
    return ACROSS if None not in identities and len(identities) == 2 else UNPAIRED


def compared(
    candidate: Sequence[Floats],
    baseline: Sequence[Floats],
    kind: str,
    floor: NoiseFloor,
    equivalence: float = 0.03,
    confidence: float = 0.95,
) -> Unpaired:
    """The comparison of two sides, which hold one array of latencies (one unit) a process."""
    log = two_sample.log_speedup(candidate, baseline, confidence)
    finite = math.isfinite(log.half_width)
    return Unpaired(
        ratio=math.exp(log.estimate),
        low=math.exp(log.low) if finite else None,
        high=math.exp(log.high) if finite else None,
        confidence=log.confidence if finite else None,
        verdict=verdict(log, floor, equivalence).value,
        p_value=two_sample.p_value(candidate, baseline),
        floor=floor,
        kind=kind,
        pairs=min(len(candidate), len(baseline)),
        processes=(len(candidate), len(baseline)),
    )
