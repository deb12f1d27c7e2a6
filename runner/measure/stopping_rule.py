"""When to stop, and what is then said. Benchmarks ask here after every pair; so do the simulations in `benchmarks/`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runner.measure.noise_floor import NoiseFloor
from runner.measure.settings import Settings
from runner.measure.statistics import Interval, hodges_lehmann_at
from runner.measure.verdict import Verdict, verdict

LOOK_EVERY = 2  # pairs; `docs/measurement.md` has what repeated looks cost


@dataclass(frozen=True)
class Decision:
    """`shown`: the estimate with the interval that people read; `strict`: the same estimate with the interval that
    stops and decides; `stopped_by`: `target`, `budget`, `max_pairs`, or None to go on."""

    shown: Interval
    strict: Interval
    verdict: Verdict
    stopped_by: str | None


def decide(
    effects: Sequence[float] | npt.NDArray[np.float64],
    seconds: float,
    settings: Settings,
    floor: NoiseFloor,
    least: int | None = None,
) -> Decision:
    """After `effects` (pairs,), each a log of baseline's / candidate's time, and `seconds` of work.

    `least` are the pairs before which nothing stops; settings.min_pairs where not given.
    """
    shown, strict = hodges_lehmann_at(effects, (settings.confidence, settings.verdict_confidence))
    return concluded(len(effects), shown, strict, seconds, settings, floor, least)


def concluded(
    replicates: int,
    shown: Interval,
    strict: Interval,
    seconds: float,
    settings: Settings,
    floor: NoiseFloor,
    least: int | None = None,
) -> Decision:
    """The decision on two intervals of one estimate from so many pairs, or blocks of each side."""
    why = stop(replicates, strict, seconds, settings, least)
    return Decision(shown, strict, verdict(strict, floor, settings.equivalence), why)


def stop(pairs: int, strict: Interval, seconds: float, settings: Settings, least: int | None = None) -> str | None:
    """Why to stop: `target` (looked at every LOOK_EVERY pairs from the least on), `budget`, `max_pairs`; or None."""
    fewest = settings.min_pairs if least is None else least
    if pairs < fewest:
        return None
    if looks(pairs, fewest) and strict.half_width <= settings.target:
        return "target"
    if pairs >= settings.max_pairs:
        return "max_pairs"
    return "budget" if seconds >= settings.budget_s else None


def looks(pairs: int, least: int) -> bool:
    """Whether the width of the interval is looked at after so many pairs."""
    return pairs >= least and (pairs - least) % LOOK_EVERY == 0


def replay(
    effects: npt.NDArray[np.float64], seconds: npt.NDArray[np.float64], settings: Settings, floor: NoiseFloor
) -> tuple[int, Decision]:
    """(pairs, decision) where a benchmark whose pairs had these `effects` would have stopped.

    `seconds` (pairs,) is the time that had passed after each. Raises ValueError where they don't suffice.
    """
    for pairs in range(settings.min_pairs, len(effects) + 1):
        over = pairs >= settings.max_pairs or seconds[pairs - 1] >= settings.budget_s
        if over or looks(pairs, settings.min_pairs):
            found = decide(effects[:pairs], float(seconds[pairs - 1]), settings, floor)
            if found.stopped_by:
                return pairs, found
    raise ValueError(f"{len(effects)} pairs are too few to end a benchmark")


def expected(pairs: int, strict: Interval, seconds: float, settings: Settings, least: int | None = None) -> int:
    """How many pairs it will be in all, as far as one can tell: an interval narrows with the root of their number."""
    fewest = settings.min_pairs if least is None else least
    if pairs < fewest:
        return fewest
    by_budget = math.ceil(pairs * settings.budget_s / seconds)
    enough = math.ceil(min(1e6, pairs * (strict.half_width / max(settings.target, 1e-6)) ** 2))
    return max(pairs, min(enough, by_budget, settings.max_pairs))
