"""How a candidate is compared with its baseline: in pairs on one device, in blocks across two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from runner.measure.alternating_blocks import Across
from runner.measure.noise_floor import NoiseFloor
from runner.measure.pairwise import Paired
from runner.measure.run import Run
from runner.measure.run_conditions import Marked
from runner.measure.settings import Settings
from runner.measure.sides import on_two_devices
from runner.measure.stopping_rule import Decision
from runner.measure.timed import Pair


class Design(Protocol):
    """`kind` is its name in records; a replicate is a pair, or a round of blocks."""

    @property
    def kind(self) -> str: ...

    def measure(self, run: Run, number: int, predict: bool = False) -> Pair:
        """Makes replicate `number` (as `pairs.run_pair`)."""

    def decide(
        self,
        found: Sequence[Pair],
        seconds: float,
        settings: Settings,
        floor: NoiseFloor,
        least: int | None = None,
    ) -> Decision:
        """What the replicates found say, and whether to go on, after `seconds` of work. As `stopping_rule.decide`."""

    def without(
        self, found: Sequence[Pair], marked: Marked, settings: Settings, floor: NoiseFloor
    ) -> tuple[Decision | None, int]:
        """What they say without the marked ones, and how many are left; None where none is."""

    def least(self, settings: Settings, comparisons: int) -> int:
        """How many are always made: what an interval, and Holm's correction over `comparisons`, need to say
        anything."""

    def p_value(self, found: Sequence[Pair]) -> float:
        """Of no difference."""

    def scatter(self, found: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """(n,) what outliers are looked for in."""

    def in_record(self, found: Sequence[Pair]) -> Mapping[str, object]:
        """What a record's comparison keeps of each."""


def design_of(run: Run) -> Design:
    """The design for `candidate` and `baseline` (if any): by where they are measured."""
    return Across(run.scenario) if on_two_devices(run.sides) else Paired(run.scenario)
