"""The speed-up from two benchmarks whose processes don't come in pairs: each side's processes are its replicates.

Two machines that take turns in blocks, and one machine on two days, have the same statistics and different names:
*across devices* and *unpaired*. The interval is wider than that of pairs: what slows a machine down for a second
doesn't cancel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.measure.statistics import Interval
from runner.measure.verdict import NoiseFloor, verdict

Floats = npt.NDArray[np.float64]
EXACT_UP_TO = 50
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
    log = log_speedup(candidate, baseline, confidence)
    finite = math.isfinite(log.half_width)
    return {
        "ratio": math.exp(log.estimate),
        "low": math.exp(log.low) if finite else None,
        "high": math.exp(log.high) if finite else None,
        "confidence": log.confidence if finite else None,
        "verdict": verdict(log, floor, equivalence).value,
        "floor": {"value": floor.value, "source": floor.source},
        "kind": kind,
        "pairs": min(len(candidate), len(baseline)),
        "processes": [len(candidate), len(baseline)],
    }


def log_speedup(candidate: Sequence[Floats], baseline: Sequence[Floats], confidence: float = 0.95) -> Interval:
    """log(baseline's time / candidate's time) of two sets of processes, each an array of latencies in one unit.

    The replicate is a process: its median counts once, however many iterations it has.
    """
    logs = [np.log([float(np.median(process)) for process in side]) for side in (candidate, baseline)]
    return two_sample_shift(logs[0], logs[1], confidence)


def two_sample_shift(x: Sequence[float] | Floats, y: Sequence[float] | Floats, confidence: float = 0.95) -> Interval:
    """How far `y` (n,) lies above `x` (m,): the Hodges–Lehmann shift with the interval of the Mann–Whitney test.

    The estimate is the median of the m·n differences y_j - x_i; the interval holds every shift that the test doesn't
    reject: exact up to EXACT_UP_TO replicates a side, the normal approximation beyond. Source: Hollander, Wolfe and
    Chicken, Nonparametric Statistical Methods, 3rd ed., sections 4.2 and 4.3. ±inf where there are too few replicates.
    """
    differences = np.sort(np.subtract.outer(np.asarray(y, np.float64), np.asarray(x, np.float64)), axis=None)
    if differences.size == 0:
        raise ValueError("at least one replicate a side expected")
    rank, achieved = _critical_rank(len(x), len(y), confidence)
    estimate = float(np.median(differences))
    if rank == 0:
        return Interval(estimate, -math.inf, math.inf, 1.0)
    return Interval(estimate, float(differences[rank - 1]), float(differences[-rank]), achieved)


def _critical_rank(m: int, n: int, confidence: float) -> tuple[int, float]:
    """(k, achieved confidence): from the k-th smallest difference to the k-th largest; 0 where there is none."""
    tail = (1 - confidence) / 2
    if max(m, n) > EXACT_UP_TO:
        deviation = math.sqrt(m * n * (m + n + 1) / 12)
        return math.floor(m * n / 2 - NormalDist().inv_cdf(1 - tail) * deviation), confidence
    below = np.cumsum(mann_whitney_probabilities(m, n))
    k = int(np.searchsorted(below, tail * (1 + 1e-12), side="right"))
    return (k, float(1 - 2 * below[k - 1])) if k else (0, 1.0)


@cache
def mann_whitney_probabilities(m: int, n: int) -> Floats:
    """P(U = u) for u = 0 … m·n where two untied samples of m and n come from one distribution.

    The largest of all is from the first sample with probability m/(m+n), and then lies above the n others
    (Mann and Whitney 1947, the recurrence of section 4).
    """
    if m == 0 or n == 0:
        return np.ones(1)
    found = np.zeros(m * n + 1)
    found[n:] += m / (m + n) * mann_whitney_probabilities(m - 1, n)
    found[: m * (n - 1) + 1] += n / (m + n) * mann_whitney_probabilities(m, n - 1)
    found.setflags(write=False)
    return found
