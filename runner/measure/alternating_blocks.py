"""Candidate and baseline on two devices, which can't share a moment: blocks in turn, compared as two samples.

A block is a fresh process of one side on its device; each round has one of either side, in an order drawn by seed as
that of pairs is. What happens to one device doesn't happen to the other: nothing cancels, and the interval is wider
than one of pairs (`two_sample.across_devices`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from runner.measure import two_sample
from runner.measure.pairs import Pair, run_pair
from runner.measure.run import Run
from runner.measure.settings import Settings
from runner.measure.sides import Side, order
from runner.measure.stopping_rule import Decision, concluded
from runner.measure.verdict import NoiseFloor

Samples = list[list[npt.NDArray[np.float64]]]


def on_two_devices(sides: Mapping[str, Side]) -> bool:
    """Whether candidate and baseline are measured on different devices: their addresses differ."""
    return len({side.device.name for side in sides.values()}) > 1


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


def decide(
    rounds: Sequence[Pair], seconds: float, settings: Settings, floor: NoiseFloor, least: int | None = None
) -> Decision:
    """What the blocks of `rounds` say, and whether to go on, after `seconds` of work. As `decision.decide`."""
    candidate, baseline = (_samples(rounds, role) for role in ("candidate", "baseline"))
    return _decide(candidate, baseline, seconds, settings, floor, least)


def _decide(
    candidate: Samples, baseline: Samples, seconds: float, settings: Settings, floor: NoiseFloor, least: int | None
) -> Decision:
    levels = (settings.confidence, settings.verdict_confidence)
    shown, strict = (two_sample.across_devices(candidate, baseline, level) for level in levels)
    return concluded(min(len(candidate), len(baseline)), shown, strict, seconds, settings, floor, least)


def p_value(rounds: Sequence[Pair]) -> float:
    """Of no difference between the devices' blocks: of the test that `decide` inverts."""
    sides = ([block[0] for block in _samples(rounds, role)] for role in ("candidate", "baseline"))
    return two_sample.p_value(*sides)


def medians_ms(rounds: Sequence[Pair]) -> dict[str, list[float]]:
    """`{role: the median of each block in ms}`."""
    return {role: [one.sides[role].median_ns / 1e6 for one in rounds] for role in ("candidate", "baseline")}


def scatter(rounds: Sequence[Pair]) -> npt.NDArray[np.float64]:
    """(2 · rounds,) how far each block's log median lies from that of its side."""
    logs = np.log(list(medians_ms(rounds).values()))
    return np.asarray((logs - np.median(logs, axis=1, keepdims=True)).ravel(), np.float64)


def least_blocks(settings: Settings, comparisons: int) -> int:
    """Blocks of each side that are always measured: what an interval, and Holm's correction, need to say anything."""
    needed = two_sample.least_replicates(comparisons, 1 - settings.verdict_confidence) if comparisons > 1 else 0
    return min(max(settings.min_pairs, needed), settings.max_pairs)


def without(
    rounds: Sequence[Pair], marked: Mapping[str, Mapping[int, Sequence[str]]], settings: Settings, floor: NoiseFloor
) -> tuple[Decision | None, int]:
    """What is said without the blocks `marked` ({role: {round: reasons}}), and how many the shorter side has left; None
    where that has none."""
    left = {role: [one for i, one in enumerate(rounds) if i not in marked[role]] for role in ("candidate", "baseline")}
    fewest = min(map(len, left.values()))
    if not fewest:
        return None, 0
    candidate, baseline = (_samples(left[role], role) for role in ("candidate", "baseline"))
    return _decide(candidate, baseline, 0.0, settings, floor, None), fewest


def _samples(rounds: Sequence[Pair], role: str) -> Samples:
    return [[one.sides[role].ns.astype(np.float64)] for one in rounds]
