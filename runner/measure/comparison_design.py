"""How a candidate is compared with its baseline: in pairs on one device, in blocks across two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runner.measure import alternating_blocks, holm
from runner.measure.effect import effects
from runner.measure.pairs import Pair, run_pair
from runner.measure.settings import Settings
from runner.measure.sides import Side
from runner.measure.statistics import signed_rank_p
from runner.measure.stopping_rule import Decision, decide
from runner.measure.verdict import NoiseFloor

Marked = Mapping[str, Mapping[int, Sequence[str]]]  # `circumstances.marked`


@dataclass(frozen=True)
class Method:
    """`kind` is its name in records; a replicate is a pair, or a round of blocks.

    `measure` makes a replicate (as `run_pair`); `decide(replicates, seconds, settings, floor, least)` says what they
    say; `without(replicates, marked, settings, floor)` the same without the marked ones, and how many are left;
    `least(settings, comparisons)` how many are always made; `p_value` is of no difference; `scatter` (n,) is what
    outliers are looked for in; `in_record` is what a record's comparison keeps of each replicate.
    """

    kind: str
    measure: Callable[..., Pair]
    decide: Callable[..., Decision]
    without: Callable[..., tuple[Decision | None, int]]
    least: Callable[[Settings, int], int]
    p_value: Callable[[Sequence[Pair]], float]
    scatter: Callable[[Sequence[Pair]], npt.NDArray[np.float64]]
    in_record: Callable[[Sequence[Pair]], Mapping[str, object]]


def of(sides: Mapping[str, Side]) -> Method:
    """The method for `candidate` and `baseline` (if any): by where they are measured."""
    return ACROSS if alternating_blocks.on_two_devices(sides) else PAIRED


def _decide(
    pairs: Sequence[Pair], seconds: float, settings: Settings, floor: NoiseFloor, least: int | None = None
) -> Decision:
    return decide(effects(pairs), seconds, settings, floor, least)


def _without(
    pairs: Sequence[Pair], marked: Marked, settings: Settings, floor: NoiseFloor
) -> tuple[Decision | None, int]:
    kept = np.delete(effects(pairs), list(marked[""]))
    return (decide(kept, 0.0, settings, floor) if len(kept) else None), len(kept)


def least_pairs(settings: Settings, comparisons: int) -> int:
    """Pairs that are always measured: as many as Holm's correction over `comparisons` needs to say anything."""
    needed = holm.least_pairs(comparisons, 1 - settings.verdict_confidence) if comparisons > 1 else 0
    return min(max(settings.min_pairs, needed), settings.max_pairs)


def _p_value(pairs: Sequence[Pair]) -> float:
    return signed_rank_p(effects(pairs))


def _by_pair(pairs: Sequence[Pair]) -> dict[str, list[float]]:
    return {"by_pair": np.exp(effects(pairs)).tolist()}


def _by_block(rounds: Sequence[Pair]) -> dict[str, dict[str, list[float]]]:
    return {"by_block_ms": alternating_blocks.medians_ms(rounds)}


PAIRED = Method("paired", run_pair, _decide, _without, least_pairs, _p_value, effects, _by_pair)
ACROSS = Method(
    "across devices",
    alternating_blocks.run_round,
    alternating_blocks.decide,
    alternating_blocks.without,
    alternating_blocks.least_blocks,
    alternating_blocks.p_value,
    alternating_blocks.scatter,
    _by_block,
)
