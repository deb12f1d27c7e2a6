"""A group of a race: a fresh process of each configuration, all alive together, taking turns in rounds.

As a pair (`pairs.py`), with up to six processes, and nothing but the time of an inference is read.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from runner.measure.batches import effect, level
from runner.measure.pairs import MOST_ITERATIONS, run_pair
from runner.measure.run import Run
from runner.measure.settings import Settings
from runner.measure.snapshots import Look
from runner.measure.timed import Pair, Timed
from runner.measure.turns import Process
from runner.racing import groups

ROUNDS = 10
TURN_S = 0.01


@dataclass(frozen=True)
class Turns:
    """A `scenarios.Scenario` of ROUNDS rounds, in each of which every process has one turn of TURN_S, in an order drawn
    anew by `seed`; inferences overlap as in the one that is asked for."""

    seed: int
    OVERLAPS: bool = False

    def check(self, settings: Any) -> None:
        """It has no settings."""

    def take_turns(
        self, processes: Mapping[str, Process], seconds: Mapping[str, float | None], settings: Settings, look: Look
    ) -> list[Mapping[str, Any]]:
        """Looks at nothing in between: a group lasts a second."""
        sizes = {role: math.ceil(TURN_S / each) if each else settings.burst for role, each in seconds.items()}
        for number in range(ROUNDS):
            order = list(processes)
            random.Random(f"{self.seed}/{number}").shuffle(order)
            for role in order:
                processes[role].burst(sizes[role])
        return []

    def effect(self, pair: Pair) -> float:
        """As that of batches."""
        return effect(pair)

    def level(self, timed: Timed) -> float:
        """As that of batches."""
        return level(timed)

    def unpublishable(self, samples: int) -> Iterator[str]:
        """Nobody publishes it."""
        yield from ()


def in_turns(run: Run, number: int) -> Run:
    """`run` as group `number` of a race."""
    settings = replace(run.settings, iterations=MOST_ITERATIONS, max_seconds=None)  # a turn is never cut short
    return replace(run, scenario=Turns(run.seed + number, run.together), settings=settings)


def run_group(run: Run, number: int) -> dict[str, float]:
    """The log of the time of a sample by role, up to a constant that the group's share, of group `number` of a race.

    Everything is timed inside `run.quiet()`. Raises what the workers raise.
    """
    pair = run_pair(in_turns(run, number), number)
    times = np.array([[math.exp(log) / timed.batch for _, log in timed.bursts] for timed in pair.sides.values()])
    return dict(zip(pair.sides, map(float, groups.value(times.T)), strict=True))
