"""What a race can't tell apart, and which of these to recommend."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from runner.racing.standing import TOLERANCE, Standing

CLOSE = math.log(1.01)  # of the fastest: as good a choice


@dataclass(frozen=True)
class Merits:
    """What decides between configurations as fast as each other: `loss` of quality, `size` and `threads`, less of each
    being better. Where one isn't known it is infinite, or 0 for all."""

    loss: float
    size: float
    threads: float


def tied(standing: Standing) -> list[int]:
    """Those that may be as fast as the leader, the fastest first, without it."""
    lead, found = standing.leader, standing.fit
    others = [one for one in standing.order if one != lead]
    return [one for one in others if found.difference(one, lead) - found.reach(one, lead) <= 0]


def within_tolerance(standing: Standing) -> list[int]:
    """Those that are estimated to be less than 2 % slower than the leader, the fastest first, without it."""
    return [one for one in standing.order if one != standing.leader and _behind(standing, one) < TOLERANCE]


def recommended(
    standing: Standing, merits: Sequence[Merits], default: int = 0, slower: Collection[int] = frozenset()
) -> int:
    """Of the leader and those tied with it that are estimated to be within 1 % of it: the most accurate, then the
    smallest, then the one with the fewest threads, then the fastest. None of those that fresh pairs called `slower`
    than the default, which stands in for all of them."""
    close = [one for one in tied(standing) if _behind(standing, one) <= CLOSE]
    candidates = [one for one in (standing.leader, *close) if one not in slower] or [default]
    return min(candidates, key=lambda one: (merits[one].loss, merits[one].size, merits[one].threads))


def _behind(standing: Standing, one: int) -> float:
    return standing.fit.difference(one, standing.leader)
