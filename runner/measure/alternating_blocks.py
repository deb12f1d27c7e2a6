"""Candidate and baseline on two devices, which can't share a moment: blocks in turn, compared as two samples.

A block is a fresh process of one side on its device; each round has one of either side, in an order drawn by seed as
that of pairs is. What happens to one device doesn't happen to the other: nothing cancels, and the interval is wider
than one of pairs (`two_sample.two_sample_shift`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from runner.measure import two_sample
from runner.measure.noise_floor import NoiseFloor
from runner.measure.pairs import run_pair
from runner.measure.run import Run
from runner.measure.run_conditions import Marked
from runner.measure.scenarios import Scenario
from runner.measure.settings import Settings
from runner.measure.sides import order
from runner.measure.stopping_rule import Decision, concluded
from runner.measure.timed import Pair

ROLES = ("candidate", "baseline")


def run_round(run: Run, number: int, predict: bool = False) -> Pair:
    """A block of each side, one after the other; as `run_pair` otherwise.

    The round's conditions are those of the candidate's device; `blocks` has each side's own. The sampler, which runs
    here, is told of blocks that run here.
    """
    blocks = {}
    for role in (turns := order(list(run.sides), run.seed, number)):
        side = run.sides[role]
        alone = replace(run, sides={role: side}, sampler=None if side.device.remote else run.sampler)
        blocks[role] = run_pair(alone, number, predict)
    timed = {role: blocks[role].sides[role] for role in run.sides}
    first = blocks["candidate"]
    return Pair(number, turns, timed, first.before, first.after, first.during, blocks)


@dataclass(frozen=True)
class Across:
    """A `comparison_design.Design` of rounds of blocks."""

    scenario: Scenario
    kind: str = "across devices"

    def measure(self, run: Run, number: int, predict: bool = False) -> Pair:
        return run_round(run, number, predict)

    def decide(
        self, rounds: Sequence[Pair], seconds: float, settings: Settings, floor: NoiseFloor, least: int | None = None
    ) -> Decision:
        levels = {role: self._levels(rounds, role) for role in ROLES}
        return _decide(levels, seconds, settings, floor, least)

    def without(
        self,
        rounds: Sequence[Pair],
        marked: Marked,
        settings: Settings,
        floor: NoiseFloor,
    ) -> tuple[Decision | None, int]:
        """Without the blocks `marked` ({role: {round: reasons}}): how many the shorter side has left."""
        left = {role: [one for i, one in enumerate(rounds) if i not in marked[role]] for role in ROLES}
        fewest = min(map(len, left.values()))
        if not fewest:
            return None, 0
        levels = {role: self._levels(left[role], role) for role in ROLES}
        return _decide(levels, 0.0, settings, floor, None), fewest

    def least(self, settings: Settings, comparisons: int) -> int:
        """Blocks of each side."""
        needed = two_sample.least_replicates(comparisons, 1 - settings.verdict_confidence) if comparisons > 1 else 0
        return min(max(settings.min_pairs, needed), settings.max_pairs)

    def p_value(self, rounds: Sequence[Pair]) -> float:
        """Of no difference between the devices' blocks: of the test that `decide` inverts."""
        return two_sample.mann_whitney_p(*(self._levels(rounds, role) for role in ROLES))

    def scatter(self, rounds: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """(2 · rounds,) how far each block's level lies from the median of its side."""
        levels = np.array([self._levels(rounds, role) for role in ROLES])
        return np.asarray((levels - np.median(levels, axis=1, keepdims=True)).ravel(), np.float64)

    def in_record(self, rounds: Sequence[Pair]) -> dict[str, dict[str, list[float]]]:
        """The median of each block in ms."""
        return {"by_block_ms": {role: [one.sides[role].median_ns / 1e6 for one in rounds] for role in ROLES}}

    def _levels(self, rounds: Sequence[Pair], role: str) -> list[float]:
        return [self.scenario.level(one.sides[role]) for one in rounds]


def _decide(
    levels: Mapping[str, list[float]], seconds: float, settings: Settings, floor: NoiseFloor, least: int | None
) -> Decision:
    confidences = (settings.confidence, settings.verdict_confidence)
    candidate, baseline = (levels[role] for role in ROLES)
    shown, strict = (two_sample.two_sample_shift(candidate, baseline, confidence) for confidence in confidences)
    return concluded(min(len(candidate), len(baseline)), shown, strict, seconds, settings, floor, least)
