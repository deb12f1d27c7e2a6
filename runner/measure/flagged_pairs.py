"""Which pairs were measured under worse conditions than the rest, and why. A flagged pair still counts."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

SPREADS = 5.0  # a pair stands out where it lies so many robust standard deviations from the run's median,
LEAST_PAIRS = 3  # of so many pairs at the least,


def flags(pairs: Sequence[Mapping[str, Any]]) -> dict[int, list[str]]:
    """`{index: reasons}` of the pairs that stand out, from their figures (`conditions.of_pair`).

    A pair is flagged where something happened that spoils any measurement (ABSOLUTE), or where the machine was worse
    than in the run's other pairs by a difference that matters (RELATIVE: what is the same for all of them is no
    flag, but a condition of the run).
    """
    found = {
        index: [*_absolute(pair), *_relative(pair, pairs), *_governor(pair, pairs)] for index, pair in enumerate(pairs)
    }
    return {index: reasons for index, reasons in found.items() if reasons}


# What is bad in itself: from which value on, in words.
ABSOLUTE = {
    "throttled": (1, "the processor throttled ({:.0f} times)"),
    "steal_cpus": (0.1, "the hypervisor took {:.2f} CPUs away"),
    "memory_stall_share": (0.05, "tasks waited for memory {:.0%} of the time"),
    "temperature_c": (95, "{:.0f} °C"),
}
# What is bad beside the other pairs: how much worse than their median matters (negative: less is worse), in words.
RELATIVE = {
    "competing_cpus": (0.3, "other processes kept {:.1f} CPUs busy, {:.1f} in the median pair"),
    "waited_share": (0.15, "the measured processes waited {:.2f} s for a CPU each second, {:.2f} in the median pair"),
    "runnable": (4, "{:.0f} tasks wanted a CPU at one moment, {:.0f} in the median pair"),
    "temperature_c": (10, "{:.0f} °C, {:.0f} in the median pair"),
    "cpu_mhz": (-100, "{:.0f} MHz, {:.0f} in the median pair"),
}


def _absolute(pair: Mapping[str, Any]) -> list[str]:
    return [words.format(pair[name]) for name, (limit, words) in ABSOLUTE.items() if pair.get(name, 0) >= limit]


def _relative(pair: Mapping[str, Any], pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for name, (matters, words) in RELATIVE.items():
        values = [one[name] for one in pairs if name in one]
        if name not in pair or len(values) < LEAST_PAIRS:
            continue
        median = statistics.median(values)
        spread = 1.4826 * statistics.median(abs(value - median) for value in values)
        worse = (pair[name] - median) * (1 if matters > 0 else -1)
        if worse >= abs(matters) and worse > SPREADS * spread:
            found.append(words.format(pair[name], median))
    return found


def _governor(pair: Mapping[str, Any], pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    usual = statistics.mode([one["governor"] for one in pairs if "governor" in one] or [None])
    here = pair.get("governor")
    return [] if here == usual else [f"governor {here}, {usual} in the other pairs"]
