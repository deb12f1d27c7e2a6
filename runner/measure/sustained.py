"""Latency over time: windows, the steady state beside the first seconds, and where it changed first.

A window's median is the replicate. On a busy machine neighbouring windows are alike: the intervals are those of an idle
one. Methods: the Hodges–Lehmann shift of two samples (`two_sample.py`); a change point is the split with the largest
standardised difference of mean log times, against that of windows put in random order in blocks (binary segmentation:
Scott and Knott 1974; Vostrikova 1981).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.measure.statistics import Interval
from runner.measure.two_sample import two_sample_shift
from runner.telemetry.time_series import Profile

WINDOWS = 60
LEAST_ITERATIONS = 5  # of a window, on the average
FIRST, STEADY = 0.1, 1 / 3  # the shares of the time that are its first seconds, and its steady state at the end
LEAST_SIDE = 4  # windows on each side of a change
BLOCK, ORDERS, SURE = 3, 999, 0.01
SHOWN = ("_mhz", "_c", "_w")

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Change:
    """From `at_s` on, a run took `ratio` times as long as before."""

    at_s: float
    ratio: Interval

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {"at_s": round(self.at_s, 3), **_plain(self.ratio)}


@dataclass(frozen=True)
class Course:
    """One side's. By window: `t_s` (its middle), `p50_ms`, `iterations`, and `signals`, means by name (NaN: not read).
    `ratio`: the time of a run in the steady state over that in the first seconds; `first_s` and `steady_s` are how long
    they are. `change` is the first one, None: there is none. `throttled`: what the sensors say of it."""

    t_s: Floats
    p50_ms: Floats
    iterations: Ints
    signals: Mapping[str, Floats]
    first_s: float
    steady_s: float
    first_ms: float
    steady_ms: float
    ratio: Interval
    change: Change | None
    throttled: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        signals = {name: [_number(value) for value in values] for name, values in self.signals.items()}
        windows = {"t_s": _rounded(self.t_s), "p50_ms": _rounded(self.p50_ms), "iterations": self.iterations.tolist()}
        return {
            "windows": {**windows, "signals": signals},
            "first": {"seconds": round(self.first_s, 3), "p50_ms": self.first_ms},
            "steady": {"seconds": round(self.steady_s, 3), "p50_ms": self.steady_ms, **_plain(self.ratio)},
            "change": self.change and self.change.as_dict(),
            "throttled": list(self.throttled),
        }


def course(
    ns: Ints, starts_ns: Ints, sizes: Ints, profile: Profile | None, floor: float, confidence: float, seed: int
) -> Course:
    """Of the times `ns` (iterations,) of bursts that began at `starts_ns` (bursts,) and have `sizes` iterations each;
    `profile` was sampled on the same clock. A change smaller than `floor` is none."""
    ends = np.concatenate([start + np.cumsum(part) for start, part in zip(starts_ns, _bursts(ns, sizes), strict=True)])
    edges = _edges(int(starts_ns[0]), int(ends[-1]), len(ns))
    place = np.clip(np.searchsorted(edges, ends, side="left") - 1, 0, len(edges) - 2)
    there = np.unique(place)
    p50 = np.array([np.median(ns[place == one]) for one in there]) / 1e6
    t_s = ((edges[:-1] + edges[1:]) / 2 - edges[0])[there] / 1e9
    whole, logs = float(edges[-1] - edges[0]) / 1e9, np.log(p50)
    early, late = t_s < FIRST * whole, t_s >= (1 - STEADY) * whole
    early[0] = late[-1] = True
    bounds = [(int(edges[one]), int(edges[one + 1])) for one in there]
    return Course(
        t_s,
        p50,
        np.array([int((place == one).sum()) for one in there], dtype=np.int64),
        _signals(profile, bounds) if profile else {},
        FIRST * whole,
        STEADY * whole,
        float(np.median(p50[early])),
        float(np.median(p50[late])),
        _exponential(two_sample_shift(logs[early], logs[late], confidence)),
        _first_change(t_s, logs, floor, confidence, np.random.default_rng(seed)),
        tuple(_throttled(profile.signals) if profile else ()),
    )


def _bursts(ns: Ints, sizes: Ints) -> list[Ints]:
    return np.split(ns, np.cumsum(sizes)[:-1])


def _edges(begin: int, end: int, iterations: int) -> Floats:
    count = max(1, min(WINDOWS, iterations // LEAST_ITERATIONS))
    return np.linspace(begin, end, count + 1)


def _exponential(log: Interval) -> Interval:
    return Interval(math.exp(log.estimate), math.exp(log.low), _exp(log.high), log.confidence)


def _exp(value: float) -> float:
    return math.inf if value == math.inf else math.exp(value)


def _signals(profile: Profile, bounds: Sequence[tuple[int, int]]) -> dict[str, Floats]:
    """Means by window of clocks, temperatures and powers; of an energy since the start the power that it makes."""
    found: dict[str, Floats] = {}
    for name, values in profile.signals.items():
        if name.endswith("_j"):
            found[f"{name.removesuffix('_j')}_w"] = _each(profile.t_ns, values, bounds, _power)
        elif name.endswith(SHOWN):
            found[name] = _each(profile.t_ns, values, bounds, lambda t, v: float(v.mean()))
    return {name: values for name, values in found.items() if not np.isnan(values).all()}


def _each(t_ns: Ints, values: Floats, bounds: Sequence[tuple[int, int]], made: Any) -> Floats:
    there = ~np.isnan(values)
    t_ns, values = t_ns[there], values[there]
    each = [(t_ns >= begin) & (t_ns < end) for begin, end in bounds]
    return np.array([made(t_ns[one], values[one]) if one.any() else math.nan for one in each])


def _power(t_ns: Ints, joules: Floats) -> float:
    seconds = (t_ns[-1] - t_ns[0]) / 1e9
    return float((joules[-1] - joules[0]) / seconds) if seconds else math.nan


# --- changes ---


def _first_change(
    t_s: Floats, logs: Floats, floor: float, confidence: float, random: np.random.Generator
) -> Change | None:
    """The earliest: the clearest split, and then again the clearest within what lies before it."""
    found, end = None, len(logs)
    while (split := _split(logs[:end], floor, confidence, random)) is not None:
        ratio = two_sample_shift(logs[:split], logs[split:end], confidence)
        found, end = Change(float(t_s[split - 1] + t_s[split]) / 2, _exponential(ratio)), split
    return found


def _split(logs: Floats, floor: float, confidence: float, random: np.random.Generator) -> int | None:
    """Where the windows change most, if that is surely more than chance and more than the floor."""
    if len(logs) < 2 * LEAST_SIDE:
        return None
    place, strength = _clearest(logs)
    as_clear = sum(_clearest(_in_another_order(logs, random))[1] >= strength for _ in range(ORDERS))
    shift = two_sample_shift(logs[:place], logs[place:], confidence)
    sure = (as_clear + 1) / (ORDERS + 1) <= SURE and not shift.low <= 0 <= shift.high
    return place if sure and abs(shift.estimate) > math.log1p(floor) else None


def _clearest(logs: Floats) -> tuple[int, float]:
    """The split with the largest difference of means over what chance allows for sides of its lengths."""
    count = len(logs)
    left = np.arange(LEAST_SIDE, count - LEAST_SIDE + 1)
    sums = np.cumsum(logs)[left - 1]
    differences = np.abs((logs.sum() - sums) / (count - left) - sums / left)
    strengths = differences * np.sqrt(left * (count - left) / count)
    best = int(np.argmax(strengths))
    return int(left[best]), float(strengths[best])


def _in_another_order(logs: Floats, random: np.random.Generator) -> Floats:
    """In blocks, as neighbours are alike."""
    blocks = [logs[start : start + BLOCK] for start in range(0, len(logs), BLOCK)]
    return np.concatenate([blocks[one] for one in random.permutation(len(blocks))])


# --- throttling ---


def _throttled(signals: Mapping[str, Floats]) -> list[str]:
    """What the sensors of `hardware/sensors/throttling.py` said meanwhile, in words."""
    from runner.hardware.sensors import throttling

    read = {name: values[~np.isnan(values)] for name, values in signals.items()}
    spans = {name: (float(one.min()), float(one.max())) for name, one in read.items() if len(one)}
    return list(throttling.reasons(spans))


def _plain(ratio: Interval) -> dict[str, float | None]:
    finite = math.isfinite(ratio.high) and ratio.low > 0
    return {"ratio": ratio.estimate, "low": ratio.low if finite else None, "high": ratio.high if finite else None}


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 6) for value in values]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 3)
