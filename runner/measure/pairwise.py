"""Candidate and baseline on one device, compared pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runner.measure import holm, stopping_rule
from runner.measure.noise_floor import NoiseFloor
from runner.measure.pairs import run_pair
from runner.measure.run import Run
from runner.measure.run_conditions import Marked
from runner.measure.scenarios import Scenario
from runner.measure.settings import Settings
from runner.measure.statistics import signed_rank_p
from runner.measure.stopping_rule import Decision
from runner.measure.timed import Pair


@dataclass(frozen=True)
class Paired:
    """A `comparison_design.Design`: what happens to both sides of a pair cancels."""

    scenario: Scenario
    kind: str = "paired"

    def measure(self, run: Run, number: int, predict: bool = False) -> Pair:
        return run_pair(run, number, predict)

    def decide(
        self, pairs: Sequence[Pair], seconds: float, settings: Settings, floor: NoiseFloor, least: int | None = None
    ) -> Decision:
        return stopping_rule.decide(self.scatter(pairs), seconds, settings, floor, least)

    def without(
        self,
        pairs: Sequence[Pair],
        marked: Marked,
        settings: Settings,
        floor: NoiseFloor,
    ) -> tuple[Decision | None, int]:
        kept = np.delete(self.scatter(pairs), list(marked[""]))
        return (stopping_rule.decide(kept, 0.0, settings, floor) if len(kept) else None), len(kept)

    def least(self, settings: Settings, comparisons: int) -> int:
        needed = holm.least_pairs(comparisons, 1 - settings.verdict_confidence) if comparisons > 1 else 0
        return min(max(settings.min_pairs, needed), settings.max_pairs)

    def p_value(self, pairs: Sequence[Pair]) -> float:
        return signed_rank_p(self.scatter(pairs))

    def scatter(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """(pairs,) what each says."""
        return np.array([self.scenario.effect(pair) for pair in pairs])

    def in_record(self, pairs: Sequence[Pair]) -> dict[str, list[float]]:
        return {"by_pair": np.exp(self.scatter(pairs)).tolist()}
