"""What would be needed to be surer of a comparison: more pairs, a calibration, a quieter machine. From its record."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

from runner.measure import holm
from runner.results import noise_floor
from runner.results.formatting import number
from runner.results.record_schema import Compared, Conditions, Correction, Measure, Range, Result

HALF_WIDTHS = (0.03, 0.02, 0.015, 0.01, 0.005, 0.0025, 0.001)
BUSY = 0.1  # CPUs kept busy by others (median over pairs), from which quiet would help
STOLEN = 0.02  # CPUs that the hypervisor gave to others (largest of all pairs)


def advice(result: Result) -> tuple[str, ...]:
    """Sentences, what helps most first; empty where nothing was compared.

    The half-width of an interval falls with the root of the number of pairs: at the spread of these, h becomes x
    with n · (h/x)² of them. The interval meant is the one that stops and decides, which measure.target is about.
    """
    found = result.comparison
    return (*_pairs(result, found), *_floor(found), *_quiet(result.conditions)) if found else ()


def pairs_needed(pairs: int, half_width: float, wanted: float) -> int:
    """How many pairs an interval of ± `wanted` takes, when `pairs` gave ± `half_width` (both of the log ratio)."""
    return max(pairs, math.ceil(pairs * (half_width / wanted) ** 2))


def half_width(interval: Compared | Range) -> float | None:
    """Half the interval of the log ratio (0.015 = ±1.5 %); None where there was no finite one."""
    low, high = interval.low, interval.high
    return math.log(high / low) / 2 if low and high else None


def _pairs(result: Result, comparison: Compared) -> Iterator[str]:
    half = half_width(comparison.verdict_interval or comparison)
    if half is None:
        yield _more_than_none(result.measure)
        return
    taken_back = comparison.correction if comparison.correction and comparison.correction.taken_back else None
    if taken_back:
        yield _among(comparison, taken_back)
    settles = None if taken_back else _settling(comparison, result.measure.equivalence)
    if settles and settles < half:
        yield f"To settle this verdict: {_effort(result, comparison, half, settles)}"
    elif comparison.verdict == "ambiguous" and not taken_back:
        yield "More pairs alone won't settle this verdict: the difference lies about where `same` ends or the floor is."
    finer = [wanted for wanted in HALF_WIDTHS if wanted < half * 0.8][:2]
    for wanted in finer:
        yield f"To know the ratio to ±{100 * wanted:g} %: {_effort(result, comparison, half, wanted)}"


def _among(comparison: Compared, correction: Correction) -> str:
    """How many pairs would make a difference certain enough among so many: a normal test's statistic grows with the
    root of their number, and at worst (Holm's first step) it needs alpha / comparisons."""
    limit, among, normal = correction.alpha, correction.comparisons, NormalDist()
    reached, wanted = (-normal.inv_cdf(min(0.9, p) / 2) for p in (comparison.p_value or 1e-9, limit / among))
    needed = max(pairs_needed(comparison.pairs, wanted, reached), holm.least_pairs(among, limit))
    return (
        f"To settle this verdict among {among} comparisons: about {needed} pairs in all, at the spread of these "
        f"{comparison.pairs} (measure.min_pairs={needed})."
    )


def _more_than_none(measure: Measure) -> str:
    """The exact test's smallest p with n pairs is 2 / 2^n."""
    least = math.ceil(1 - math.log2(1 - measure.strict))
    return f"More pairs: at {100 * measure.strict:g} % no interval is finite below {least} (measure.min_pairs={least})."


def _settling(comparison: Compared, equivalence: float) -> float | None:
    """The half-width at which an ambiguous estimate, if it stays, becomes `same`, or else `faster` or `slower`."""
    if comparison.verdict != "ambiguous":
        return None
    effect = abs(math.log(comparison.ratio))
    floor = math.log1p(comparison.floor.value if comparison.floor else 0.0)
    different = effect if effect > floor else 0.0
    # A hair less: an interval that ends exactly at its limit decides nothing.
    widest = 0.9 * max(math.log1p(equivalence) - effect, different)
    return widest if widest > 0.0005 else None


def _effort(result: Result, comparison: Compared, half: float, wanted: float) -> str:
    had = comparison.pairs
    needed = pairs_needed(had, half, wanted)
    seconds = result.benchmark_s
    time = f", {duration(seconds / had * needed)}" if seconds else ""
    budget = f" measure.budget_s={_budget(seconds / had * needed)}" if seconds else ""
    settings = f"measure.target={wanted:.2g}{budget}"
    most = result.measure.max_pairs
    settings += f" measure.max_pairs={2 * needed}" if most and needed > most else ""
    return f"about {needed} pairs in all{time}, at the spread of these {had} ({settings})."


def _budget(seconds: float) -> int:
    """Half as much again, in a round number: the spread may be larger next time."""
    return max(30, 30 * math.ceil(seconds * 1.5 / 30))


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _floor(comparison: Compared) -> Iterator[str]:
    if told := noise_floor.advice(comparison.floor):
        yield told


def _quiet(conditions: Conditions) -> Iterator[str]:
    found, flagged = conditions.spreads, len(conditions.flags)
    if "competing_cpus" in found and (busy := found["competing_cpus"].median) > BUSY:
        yield f"A quieter machine: other processes kept {number(busy, 2)} CPUs busy (median over pairs)."
    if "steal_cpus" in found and (stolen := found["steal_cpus"].max) > STOLEN:
        yield f"A machine of one's own: the hypervisor gave up to {number(stolen, 2)} CPUs to others."
    if "throttled" in found and (throttled := found["throttled"].max) > 0:
        yield f"A cooler machine: it throttled up to {throttled:.0f} times during a pair."
    if conditions.governor not in ("", "performance"):
        yield f"A fixed clock: the governor is {conditions.governor}, not performance."
    if flagged:
        yield f"Steadier conditions: {flagged} pair{'s' if flagged > 1 else ''} flagged."
