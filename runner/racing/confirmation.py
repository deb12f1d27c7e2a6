"""What fresh pairs of winner and default say of the race: the winner of many was also lucky, so its speed-up is read
off pairs that the race has not seen, and a race that promised more than they say goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from runner.racing import groups as timed
from runner.racing.groups import PAIR, Group
from runner.racing.race import Race
from runner.racing.standing import TOLERANCE

MORE = 10  # runs that the leader then needs on top of its own
MOST_REOPENED = 2


def promised_too_much(race: Race, winner: int, default: int, high: float) -> bool:
    """Whether the race's speed-up of `winner` over `default` lies more than 2 % above `high`, the upper end of the
    confirmation's interval (a ratio)."""
    now = race.standing
    return now is not None and now.fit.difference(default, winner) > math.log(high) + TOLERANCE


def reopened(race: Race, winner: int, default: int, ratios: Sequence[float]) -> Race:
    """The race with the pairs of a confirmation as data, and more runs demanded of its leader. `ratios`: of each pair,
    default's time / winner's."""
    pairs = tuple(Group(PAIR, {winner: 0.0, default: math.log(ratio)}) for ratio in ratios)
    again = replace(race, groups=(*race.groups, *pairs))
    return replace(again, demanded=timed.runs(again.groups)[winner] + MORE)
