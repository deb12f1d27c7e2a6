"""Two stored measurements that were not taken in turns, as a comparison: *unpaired* or *across devices*."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from runner.measure import two_sample
from runner.measure.two_sample import Floats
from runner.measure.verdict import NoiseFloor, verdict

UNPAIRED, ACROSS = "unpaired", "across devices"


def kind(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """`across devices` where two records' `environment` are of different hardware, else `unpaired`."""
    identities = {identity(one) for one in (mine, theirs)}
    return ACROSS if None not in identities and len(identities) == 2 else UNPAIRED


def identity(environment: Mapping[str, Any]) -> str | None:
    """The hardware's identity in a record's `environment`; None where a record doesn't say."""
    found = (environment.get("hardware") or {}).get("identity")
    return None if found is None else str(found)


def compared(
    candidate: Sequence[Floats],
    baseline: Sequence[Floats],
    kind: str,
    floor: NoiseFloor,
    equivalence: float = 0.03,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """A record's `comparison` without its `baseline`: the two-sample interval of per-process medians and the verdict.

    `candidate` and `baseline` hold one array of latencies (one unit) a process. `low` and `high` are None where
    there are too few processes; `pairs` counts the smaller side's.
    """
    log = two_sample.log_speedup(candidate, baseline, confidence)
    finite = math.isfinite(log.half_width)
    return {
        "ratio": math.exp(log.estimate),
        "low": math.exp(log.low) if finite else None,
        "high": math.exp(log.high) if finite else None,
        "confidence": log.confidence if finite else None,
        "verdict": verdict(log, floor, equivalence).value,
        "p_value": two_sample.p_value(candidate, baseline),
        "floor": {"value": floor.value, "source": floor.source},
        "kind": kind,
        "pairs": min(len(candidate), len(baseline)),
        "processes": [len(candidate), len(baseline)],
    }
