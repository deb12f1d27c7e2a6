"""What a record's processes took, pair by pair and all together: what its page and its pictures show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runner.measure.samples import Samples
from runner.results import naming
from runner.results.record_schema import Result

BINS = 60
REACH = 6  # interquartile ranges beyond the quartiles that are drawn


@dataclass(frozen=True)
class PairLine:
    """One pair: medians in ms, the candidate's speed-up (None without a baseline), and what was odd about it."""

    number: int
    candidate_ms: float
    baseline_ms: float | None
    ratio: float | None
    flags: tuple[str, ...]

    @property
    def speedup(self) -> str:
        """`1.400×`; a dash without one."""
        return "–" if self.ratio is None else f"{self.ratio:.3f}×"


@dataclass(frozen=True)
class Distribution:
    """One side's latencies: the share of all iterations in each of the bins between `edges_ms` (log-spaced, shared by
    both sides), the share beyond them, quartiles in ms, the processes' medians in ms, and of how many iterations."""

    role: str
    label: str
    edges_ms: tuple[float, ...]
    shares: tuple[float, ...]
    beyond: float
    quartiles_ms: tuple[float, float, float]
    medians_ms: tuple[float, ...]
    iterations: int


def pairs(result: Result, candidate: Samples, baseline: Samples) -> Iterator[PairLine]:
    """The pairs of a record with this result and these latencies (ms, by pair)."""
    odd, ratios = result.conditions.flags, result.comparison.by_pair if result.comparison else ()
    for pair, values in candidate.items():
        mine = float(np.median(values))
        theirs = float(np.median(baseline[pair])) if pair in baseline else None
        yield PairLine(pair, mine, theirs, ratios[pair] if pair < len(ratios) else None, odd.get(pair, ()))


def distributions(result: Result, candidate: Samples, baseline: Samples) -> tuple[Distribution, ...]:
    """Of each side that has latencies (ms, by pair)."""
    label = naming.baseline(result)
    sides = [("candidate", "candidate", candidate), ("baseline", f"baseline: {label}", baseline)]
    there = [(role, name, samples) for role, name, samples in sides if samples]
    if not there:
        return ()
    edges = _edges([np.concatenate(list(samples.values())) for _, _, samples in there])
    return tuple(_distribution(role, name, samples, edges) for role, name, samples in there)


def counted(sides: Sequence[Distribution]) -> str:
    """`candidate 400 iterations in 8 processes; baseline 400 iterations in 8 processes`."""
    return "; ".join(f"{one.role} {one.iterations} iterations in {len(one.medians_ms)} processes" for one in sides)


def _edges(sides: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """Around the bulk of every side; within its 0.5th and 99th percentile. A whole tail would hide everything else."""
    ends = [_bulk(side) for side in sides]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    return np.geomspace(low * 0.998, high * 1.002, BINS + 1)


def _bulk(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    least, first, third, most = (float(value) for value in np.percentile(values, [0.5, 25, 75, 99]))
    reach = REACH * (third - first)
    return max(least, first - reach), min(most, third + reach)


def _distribution(role: str, label: str, samples: Samples, edges: npt.NDArray[np.float64]) -> Distribution:
    pooled = np.concatenate(list(samples.values()))
    counts, _ = np.histogram(pooled, edges)
    first, middle, third = (float(value) for value in np.percentile(pooled, [25, 50, 75]))
    return Distribution(
        role=role,
        label=label,
        edges_ms=tuple(map(float, edges)),
        shares=tuple(float(count) / len(pooled) for count in counts),
        beyond=1 - float(counts.sum()) / len(pooled),
        quartiles_ms=(first, middle, third),
        medians_ms=tuple(float(np.median(values)) for values in samples.values()),
        iterations=len(pooled),
    )
