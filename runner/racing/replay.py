"""A race on processes that were recorded: what the rules would have found, without running anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.racing import confirmation
from runner.racing.groups import PAIR
from runner.racing.race import Race, left

PAIRS = 8  # fresh ones of winner and default
Timed = Callable[[int, Sequence[int]], dict[int, float]]  # (number of the group, its members) -> their log times
Confirmed = Callable[[int, int], tuple[list[float], float]]  # (winner, default) -> (ratio of each pair, upper end)


@dataclass(frozen=True)
class Replayed:
    """`winner` of a `race` that was `decided`, or its leader when it could not be; `processes` that ran, with those of
    `confirmations` (each PAIRS pairs)."""

    race: Race
    winner: int
    decided: bool
    confirmations: int

    @property
    def processes(self) -> int:
        """How many ran."""
        in_race = sum(len(group.values) for group in self.race.groups if group.block != PAIR)
        return in_race + 2 * PAIRS * self.confirmations


def replay(race: Race, timed: Timed, confirmed: Confirmed, default: int = 0) -> Replayed:
    """`race` run to its end: groups as `timed` says, its winner confirmed against `default` and, where it promised too
    much, raced on."""
    confirmations = 0
    while True:
        race = _to_its_end(race, timed)
        now = race.standing
        assert now is not None
        if now.leader == default or not now.decided or confirmations > confirmation.MOST_REOPENED:
            return Replayed(race, now.leader, now.decided, confirmations)
        confirmations += 1
        ratios, high = confirmed(now.leader, default)
        if not confirmation.promised_too_much(race, now.leader, default, high):
            return Replayed(race, now.leader, True, confirmations)
        race = confirmation.reopened(race, now.leader, default, ratios)


def _to_its_end(race: Race, timed: Timed) -> Race:
    while (rest := left(race))[1]:
        block, groups = rest
        for members in groups:
            race = race.with_(block, timed(len(race.groups), members))
    return race
