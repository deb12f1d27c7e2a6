"""Where simulated comparisons take their pairs from: recorded pools, and synthetic noise of three kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.measure.effects import log_ratio
from runner.measure.sides import order
from runner.measure.timed import Pair, Timed

Floats = npt.NDArray[np.float64]
PAIR_SECONDS = 1.0  # what a synthetic pair takes
BLOCK = 10  # consecutive pairs that are drawn together, so that what drifts in a pool drifts in a comparison
ROLES = ("candidate", "baseline")
IN_BLOCKS = "in blocks"


@dataclass(frozen=True)
class Noise:
    """`draw(random, pairs)` gives (pairs,) log ratios of identical sides and (pairs,) seconds; `calibrating` are the
    effects that a calibration on that machine would have seen."""

    name: str
    draw: Callable[[np.random.Generator, int], tuple[Floats, Floats]]
    calibrating: Floats


def synthetic() -> list[Noise]:
    """Gaussian, heavy-tailed and drifting."""
    kinds = {
        "Gaussian (sd 2 %)": _gaussian,
        "heavy-tailed (robust sd 2 %, 5 % of pairs off by 15 %)": _heavy,
        "drifting (sd 1.5 %, speed drifts by 1 % within a pair)": _drifting,
    }
    return [Noise(name, _timed(kind), kind(np.random.default_rng(99), 40)) for name, kind in kinds.items()]


def _timed(kind: Callable[[np.random.Generator, int], Floats]) -> Callable[..., tuple[Floats, Floats]]:
    return lambda random, pairs: (kind(random, pairs), np.full(pairs, PAIR_SECONDS))


def _gaussian(random: np.random.Generator, pairs: int) -> Floats:
    return random.normal(0, 0.02, pairs)


def _heavy(random: np.random.Generator, pairs: int) -> Floats:
    """Student's t with three degrees of freedom; one pair in twenty is disturbed on one side or the other."""
    usual = random.standard_t(3, pairs) * 0.02 / 1.13  # 1.13: its robust standard deviation
    return usual + np.where(random.random(pairs) < 0.05, random.choice((-0.15, 0.15), pairs), 0.0)


def _drifting(random: np.random.Generator, pairs: int) -> Floats:
    """Whoever is measured second meets a machine that has drifted on; the drift itself wanders from pair to pair."""
    drift = np.empty(pairs)
    now = random.normal(0, 0.01)
    for i in range(pairs):
        now = 0.9 * now + random.normal(0, 0.01 * np.sqrt(1 - 0.81))
        drift[i] = now
    seed = int(random.integers(2**31))
    first = np.array([order(ROLES, seed, number)[0] == "candidate" for number in range(pairs)])
    return np.where(first, drift, -drift) + random.normal(0, 0.015, pairs)


def pools(folder: Path) -> list[Noise]:
    """Each recorded pool twice: pairs drawn one by one, and in blocks of consecutive ones.

    One by one, the sides of each pair are swapped at random. They are the same artifact, so which is called the
    candidate is arbitrary; a pool of n pairs has a centre that is off by its own sampling error, and would pass that
    on to every comparison drawn from it. Whether the centre is further off than that is a check of its own
    (`simulate.py`). Blocks stay as recorded.
    """
    found = []
    for name, (logs, seconds) in recorded(folder).items():
        shown = f"pool {name} ({len(logs)} pairs"
        found.append(Noise(f"{shown})", _resampled(logs, seconds, 1, swap=True), logs[:40]))
        found.append(Noise(f"{shown}, {IN_BLOCKS})", _resampled(logs, seconds, BLOCK, swap=False), logs[:40]))
    return found


def recorded(folder: Path) -> dict[str, tuple[Floats, Floats]]:
    """(effects, seconds) of each pool."""
    found = {}
    for path in sorted(folder.glob("[!.]*.npz")):
        with np.load(path, allow_pickle=False) as file:
            found[path.stem] = (_effects(file), file["seconds"])
    return found


def _effects(pool: Mapping[str, Floats]) -> Floats:
    """(pairs,) what `runner.measure.effects` finds in each."""
    bursts = {role: _split(pool[f"{role}_turns_ns"], pool[f"{role}_turns"]) for role in ROLES}
    first = np.where(pool["candidate_first"] > 0, "candidate", "baseline")
    pairs = zip(bursts["candidate"], bursts["baseline"], first, strict=True)
    return np.array([_effect({"candidate": mine, "baseline": theirs}, role) for mine, theirs, role in pairs])


def _split(values: Floats, counts: Floats) -> list[Floats]:
    return np.split(values, np.cumsum(counts).astype(int)[:-1])


def _effect(bursts: Mapping[str, Floats], first: str) -> float:
    """Of the medians of a pair's bursts, the roles taking turns."""
    sides = {role: _turns(medians, offset=role != first) for role, medians in bursts.items()}
    return log_ratio(Pair(0, ROLES, sides, {}, {}))


def _turns(medians: npt.NDArray[Any], offset: bool) -> Timed:
    """A process of which each burst is one iteration."""
    starts = 2 * np.arange(len(medians)) + offset
    return Timed(medians, starts, np.ones(len(medians), np.int64), True, 0.0, {}, None)


def _resampled(logs: Floats, seconds: Floats, block: int, swap: bool) -> Callable[..., tuple[Floats, Floats]]:
    def draw(random: np.random.Generator, pairs: int) -> tuple[Floats, Floats]:
        starts = random.integers(len(logs), size=-(-pairs // block))
        taken = ((starts[:, None] + np.arange(block)) % len(logs)).ravel()[:pairs]
        signs = random.choice((-1.0, 1.0), pairs) if swap else 1.0
        return logs[taken] * signs, seconds[taken]

    return draw
