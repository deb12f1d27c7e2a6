"""How often do the rules of a race (`runner/racing/`) find the fastest, and in how much of the time?

`python -m benchmarks.racing` replays races on recorded processes, in the order in which they ran, and simulates races
of 12, 48 and 120 configurations. *Right*: the winner is the fastest, or within 2 % of it. *Time*: processes that ran,
with those of the confirmations, as a share of an exhaustive comparison's (8 pairs a configuration). *Covers*: the final
95 % interval of the winner's speed-up holds the true one. It takes five minutes on one core; exit code 1 where a target
is missed.

The recorded processes (`racing_pools/`): 65 blocks of 12 configurations of an MLP, a CNN and a GRU on two shared cores,
a fresh process each, median in ms; a column a configuration, the first one being the default; a row a block, 16 s after
the one before. In the simulation a configuration's noise is that of a recorded one with one thread. One by one it is
of a block at most 12 away from the race's own, so that what lasts for minutes stays. In groups it is of any block, less
by what six processes that take turns were found to scatter less (SHRUNK).
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from runner.measure.statistics import Interval, hodges_lehmann
from runner.racing.race import Race
from runner.racing.replay import PAIRS, Replayed, replay
from runner.racing.standing import TOLERANCE

POOLS = Path(__file__).parent / "racing_pools"
MODELS = ("mlp", "conv", "gru")
SHRUNK = {"mlp": 1.7 / 2.6, "conv": 0.85 / 1.9, "gru": 0.5 / 1.2}
NEAR = 12  # blocks
TARGETS = {12: 0.30, 48: 0.20, 120: 0.18}  # share of the exhaustive time
REPLAYED, RIGHT, COVERED = 190 / 195, 0.95, 0.93
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """`logs` (blocks, configurations): log times as recorded; the default is the first."""

    names: tuple[str, ...]
    logs: Floats

    @property
    def true(self) -> Floats:
        """(configurations,) log times less the blocks' own."""
        return np.asarray(np.median(self.logs - np.median(self.logs, axis=1, keepdims=True), axis=0))

    @property
    def noise(self) -> Floats:
        """(blocks, configurations) what is left of each run."""
        left = self.logs - self.true
        return np.asarray(left - np.median(left, axis=1, keepdims=True))


def pool(model: str) -> Pool:
    """The recorded processes of one model."""
    with (POOLS / f"{model}.csv").open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    return Pool(tuple(names), np.log(np.array(rows, dtype=np.float64)))


@dataclass(frozen=True)
class Found:
    """What one race came to; `covered` is None where the default won."""

    right: bool
    time: float
    covered: bool | None


class Recorded:
    """Blocks taken from a pool one after the other, `stride` apart, from `start` on."""

    def __init__(self, pool: Pool, start: int, stride: int) -> None:
        self.pool, self.at, self.stride = pool, start, stride
        self.last: Interval | None = None

    def row(self) -> Floats:
        """The next block."""
        row = self.pool.logs[self.at % len(self.pool.logs)]
        self.at += self.stride
        return np.asarray(row)

    def timed(self, number: int, members: Sequence[int]) -> dict[int, float]:
        """As `replay` asks."""
        row = self.row()
        return {one: float(row[one]) for one in members}

    def confirmed(self, winner: int, default: int) -> tuple[list[float], float]:
        """As `replay` asks."""
        rows = [self.row() for _ in range(PAIRS)]
        return _confirmed(self, [float(row[default] - row[winner]) for row in rows])


class Simulated:
    """Configurations `true` (log times), each as noisy as a recorded one, drawn among the columns of `noise`, of blocks
    at most `near` away."""

    def __init__(self, true: Floats, noise: Floats, near: int, random: np.random.Generator) -> None:
        self.true, self.noise, self.near, self.random = true, noise, near, random
        self.sources = random.integers(noise.shape[1], size=len(true))
        self.at = int(random.integers(len(noise)))
        self.last: Interval | None = None

    def timed(self, number: int, members: Sequence[int]) -> dict[int, float]:
        """As `replay` asks."""
        self.at += 1
        near = self.at + self.random.integers(-self.near, self.near + 1, size=len(members))
        drawn = self.noise[near % len(self.noise), self.sources[list(members)]]
        return dict(zip(members, map(float, self.true[list(members)] + drawn), strict=True))

    def confirmed(self, winner: int, default: int) -> tuple[list[float], float]:
        """As `replay` asks."""
        pairs = [self.timed(0, (winner, default)) for _ in range(PAIRS)]
        return _confirmed(self, [pair[default] - pair[winner] for pair in pairs])


def _confirmed(source: Recorded | Simulated, logs: Sequence[float]) -> tuple[list[float], float]:
    source.last = hodges_lehmann(logs)
    return [math.exp(one) for one in logs], math.exp(source.last.high)


def judged(found: Replayed, source: Recorded | Simulated, true: Floats, speedup: float) -> Found:
    """What a race came to; `speedup` is the winner's true one over the default, as a log."""
    right = bool(true[found.winner] - true.min() < TOLERANCE)
    share = found.processes / (2 * PAIRS * len(true))
    covered = None
    if source.last and found.winner:
        covered = bool(source.last.low <= speedup <= source.last.high)
    return Found(right, share, covered)


def replayed(model: str, stride: int) -> list[Found]:
    """A race from each block on; the fit sees one group a block, as processes ran one by one."""
    recorded = pool(model)
    found = []
    for start in range(len(recorded.logs)):
        source = Recorded(recorded, start, stride)
        race = replay(Race(len(recorded.names), start, at_once=len(recorded.names)), source.timed, source.confirmed)
        found.append(judged(race, source, recorded.true, _paired(recorded, race.winner)))
    return found


def _paired(recorded: Pool, one: int) -> float:
    return float(np.median(recorded.logs[:, 0] - recorded.logs[:, one]))


def gaps(profile: str, count: int, random: np.random.Generator) -> Floats:
    """(count,) log times of a profile, shuffled, the default somewhere among them."""
    rest = np.log(random.uniform(1.1, 3.0, size=count))
    if profile == "five within 2 %":
        rest[:5] = np.log(1 + np.linspace(0, 0.019, 5))
    elif profile == "five at +3 %":
        rest[:6] = np.log([1, *[1.03] * 5])
    elif profile == "K/6 ties":
        rest[: count // 6] = 0.0
    elif profile == "dense":
        rest = np.log(np.linspace(1, 2, count))
    rest[0] = 0.0
    return np.asarray(random.permutation(rest))


PROFILES = ("clear winner", "five within 2 %", "five at +3 %", "K/6 ties", "dense")


def one_thread(shrunk: bool) -> Floats:
    """(blocks, columns) the noise of all recorded configurations of one thread; `shrunk` as in groups."""
    parts = []
    for model in MODELS:
        recorded = pool(model)
        own = [place for place, name in enumerate(recorded.names) if "-t1-" in name]
        parts.append(recorded.noise[:, own] * (SHRUNK[model] if shrunk else 1.0))
    return np.concatenate(parts, axis=1)


def simulated(count: int, profile: str, races: int, noise: Floats, near: int) -> list[Found]:
    """So many races of `count` configurations."""
    found = []
    for seed in range(races):
        random = np.random.default_rng([seed, count, PROFILES.index(profile)])
        true = gaps(profile, count, random)
        source = Simulated(true, noise, near, random)
        race = replay(Race(count, seed), source.timed, source.confirmed)
        found.append(judged(race, source, true, float(true[0] - true[race.winner])))
    return found


def row(name: str, found: Sequence[Found], most: float = math.inf, least: float = 0.0, covered: float = 0.0) -> bool:
    """One line; whether its targets are met: `most` of the time, `least` of the winners right, `covered` intervals."""
    right, time = np.mean([one.right for one in found]), float(np.mean([one.time for one in found]))
    known = [one.covered for one in found if one.covered is not None]
    covers = float(np.mean(known)) if known else math.nan
    met = right >= least and time <= most and not covers < covered
    asked = "" if most == math.inf else f" (at most {100 * most:.0f})"
    shown = f"right {sum(one.right for one in found)} of {len(found)}  time {100 * time:.1f} %{asked}"
    print(f"{name:<34}{shown}  covers {100 * covers:.1f} %  {'' if met else 'MISSED'}".rstrip(), flush=True)
    return bool(met)


def main(argv: Sequence[str]) -> int:
    """Print both tables; 1 where a target is missed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--races", type=int, default=60, help="simulated, of each profile (default %(default)s)")
    races = arguments.parse_args(argv).races
    print("replayed, a minute apart")
    each = {model: replayed(model, 4) for model in MODELS}
    for model, found in each.items():
        row(f"  {model}", found)
    met = [row("  all three", [one for found in each.values() for one in found], least=REPLAYED, covered=COVERED)]
    met += _simulations(races, True)
    _simulations(races, False)
    return 0 if all(met) else 1


def _simulations(races: int, groups: bool) -> list[bool]:
    """A line for each size and profile; whether targets are met, which are for groups."""
    print(f"simulated, one thread, {'in groups' if groups else 'one by one (no targets)'}")
    noise, met = one_thread(groups), []
    near = len(noise) // 2 if groups else NEAR
    for count, most in TARGETS.items():
        each = {profile: simulated(count, profile, races, noise, near) for profile in PROFILES}
        for profile, found in each.items():
            row(f"    {profile}", found)
        every = [one for found in each.values() for one in found]
        met.append(row(f"  K = {count}", every, most, RIGHT, COVERED) if groups else row(f"  K = {count}", every))
    return met


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
