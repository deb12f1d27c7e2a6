"""Fresh pairs of winner and default: what reopens a race, and what it then asks for."""

import math

import pytest

from runner.racing.confirmation import promised_too_much, reopened
from runner.racing.groups import PAIR
from runner.racing.race import Race, left


def decided(speedup: float) -> Race:
    race = Race(3, seed=0)
    while (rest := left(race))[1]:
        race = race.with_(rest[0], {one: {0: 0.0, 1: -math.log(speedup), 2: 1.0}[one] for one in rest[1][0]})
    return race


@pytest.mark.parametrize(("high", "too_much"), [(1.50, False), (1.471, False), (1.470, True), (1.2, True)])
def test_a_race_that_promised_over_two_per_cent_more_than_the_pairs_upper_end_goes_on(
    high: float, too_much: bool
) -> None:
    assert promised_too_much(decided(1.5), winner=1, default=0, high=high) is too_much


def test_the_pairs_become_data_and_ten_more_runs_are_asked_of_the_leader() -> None:
    race = decided(1.5)
    runs = int(race.standing.fit.counts[1]) if race.standing else 0
    again = reopened(race, winner=1, default=0, ratios=[1.2] * 8)
    assert [group.block for group in again.groups[-8:]] == [PAIR] * 8
    assert again.groups[-1].values == {1: 0.0, 0: pytest.approx(math.log(1.2))}
    assert again.demanded == runs + 8 + 10
    assert not again.decided
    assert left(again)[0] == race.block + 1
    assert left(again)[1]
