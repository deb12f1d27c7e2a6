"""What would be needed to be surer of a comparison: more pairs, a calibration, a quieter machine. From its record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

from runner.measure import holm
from runner.results import noise_floor
from runner.results.formatting import number

HALF_WIDTHS = (0.03, 0.02, 0.015, 0.01, 0.005, 0.0025, 0.001)
BUSY = 0.1  # CPUs kept busy by others (median over pairs), from which quiet would help
STOLEN = 0.02  # CPUs that the hypervisor gave to others (largest of all pairs)


def advice(content: Mapping[str, Any], flagged: int = 0) -> tuple[str, ...]:
    """Sentences, what helps most first; empty where nothing was compared. `flagged` pairs ran under other conditions.

    The half-width of an interval falls with the root of the number of pairs: at the spread of these, h becomes x
    with n · (h/x)² of them. The interval meant is the one that stops and decides, which measure.target is about.
    """
    comparison = content.get("comparison")
    if not comparison:
        return ()
    return (*_pairs(content, comparison), *_floor(comparison), *_quiet(content.get("conditions") or {}, flagged))


def pairs_needed(pairs: int, half_width: float, wanted: float) -> int:
    """How many pairs an interval of ± `wanted` takes, when `pairs` gave ± `half_width` (both of the log ratio)."""
    return max(pairs, math.ceil(pairs * (half_width / wanted) ** 2))


def half_width(interval: Mapping[str, Any]) -> float | None:
    """Half the interval of the log ratio (0.015 = ±1.5 %); None where there was no finite one."""
    low, high = interval.get("low"), interval.get("high")
    return math.log(high / low) / 2 if low and high else None


def _pairs(content: Mapping[str, Any], comparison: Mapping[str, Any]) -> Iterator[str]:
    deciding = comparison.get("verdict_interval") or comparison
    half = half_width(deciding)
    if half is None:
        yield _more_than_none(content["spec"]["measure"])
        return
    yield from _among(content, comparison)
    settles = _settling(comparison, content["spec"]["measure"].get("equivalence", 0.03))
    if settles and settles < half:
        yield f"To settle this verdict: {_effort(content, comparison, half, settles)}"
    elif comparison["verdict"] == "ambiguous" and not _taken_back(comparison):
        yield "More pairs alone won't settle this verdict: the difference lies about where `same` ends or the floor is."
    finer = [wanted for wanted in HALF_WIDTHS if wanted < half * 0.8][:2]
    for wanted in finer:
        yield f"To know the ratio to ±{100 * wanted:g} %: {_effort(content, comparison, half, wanted)}"


def _taken_back(comparison: Mapping[str, Any]) -> bool:
    """Whether the verdict is what it is for the number of comparisons it is one of."""
    return bool((found := comparison.get("correction")) and found["alone"] != found["verdict"])


def _among(content: Mapping[str, Any], comparison: Mapping[str, Any]) -> Iterator[str]:
    """How many pairs would make a difference certain enough among so many: a normal test's statistic grows with the
    root of their number, and at worst (Holm's first step) it needs alpha / comparisons."""
    if not _taken_back(comparison):
        return
    limit = comparison["correction"]["alpha"]
    among, normal = comparison["correction"]["comparisons"], NormalDist()
    reached, wanted = (-normal.inv_cdf(min(0.9, p) / 2) for p in (comparison["p_value"] or 1e-9, limit / among))
    needed = max(pairs_needed(comparison["pairs"], wanted, reached), holm.least_pairs(among, limit))
    yield (
        f"To settle this verdict among {among} comparisons: about {needed} pairs in all, at the spread of these "
        f"{comparison['pairs']} (measure.min_pairs={needed})."
    )


def _more_than_none(measure: Mapping[str, Any]) -> str:
    """The exact test's smallest p with n pairs is 2 / 2^n."""
    confidence = measure.get("verdict_confidence", measure.get("confidence", 0.95))
    least = math.ceil(1 - math.log2(1 - confidence))
    return f"More pairs: at {100 * confidence:g} % no interval is finite below {least} (measure.min_pairs={least})."


def _settling(comparison: Mapping[str, Any], equivalence: float) -> float | None:
    """The half-width at which an ambiguous estimate, if it stays, becomes `same`, or else `faster` or `slower`."""
    if comparison["verdict"] != "ambiguous" or _taken_back(comparison):
        return None
    effect = abs(math.log(comparison["ratio"]))
    floor = math.log1p((comparison.get("floor") or {}).get("value", 0.0))
    different = effect if effect > floor else 0.0
    # A hair less: an interval that ends exactly at its limit decides nothing.
    widest = 0.9 * max(math.log1p(equivalence) - effect, different)
    return widest if widest > 0.0005 else None


def _effort(content: Mapping[str, Any], comparison: Mapping[str, Any], half: float, wanted: float) -> str:
    had = comparison["pairs"]
    needed = pairs_needed(had, half, wanted)
    seconds = (content.get("timing") or {}).get("benchmark_s")
    time = f", {duration(seconds / had * needed)}" if seconds else ""
    budget = f" measure.budget_s={_budget(seconds / had * needed)}" if seconds else ""
    settings = f"measure.target={wanted:.2g}{budget}"
    most = content["spec"]["measure"].get("max_pairs")
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


def _floor(comparison: Mapping[str, Any]) -> Iterator[str]:
    if told := noise_floor.advice(comparison.get("floor") or {}):
        yield told


def _quiet(conditions: Mapping[str, Any], flagged: int) -> Iterator[str]:
    if (busy := _of(conditions, "competing_cpus", "median")) > BUSY:
        yield f"A quieter machine: other processes kept {number(busy, 2)} CPUs busy (median over pairs)."
    if (stolen := _of(conditions, "steal_cpus", "max")) > STOLEN:
        yield f"A machine of one's own: the hypervisor gave up to {number(stolen, 2)} CPUs to others."
    if (throttled := _of(conditions, "throttled", "max")) > 0:
        yield f"A cooler machine: it throttled up to {throttled:.0f} times during a pair."
    governor = conditions.get("governor")
    if governor and governor != "performance":
        yield f"A fixed clock: the governor is {governor}, not performance."
    if flagged:
        yield f"Steadier conditions: {flagged} pair{'s' if flagged > 1 else ''} flagged."


def _of(conditions: Mapping[str, Any], name: str, which: str) -> float:
    found = conditions.get(name)
    return float(found[which]) if isinstance(found, Mapping) and which in found else 0.0
