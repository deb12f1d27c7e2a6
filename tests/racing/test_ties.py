"""What can't be told apart, and what is recommended of it."""

import math

from runner.racing.groups import Group
from runner.racing.standing import Standing, standing
from runner.racing.ties import Merits, recommended, tied, within_tolerance

TIMES = {0: 1.0, 1: 1.004, 2: 1.015, 3: 1.5}


def stood(noise: float) -> Standing:
    groups = [
        Group(block, {one: math.log(time) + (noise if (block + one) % 2 else -noise) for one, time in TIMES.items()})
        for block in range(8)
    ]
    found = standing(groups, len(TIMES))
    assert found is not None
    return found


def test_tied_is_who_may_be_as_fast_as_the_leader() -> None:
    assert tied(stood(noise=0.02)) == [1, 2]
    assert tied(stood(noise=0.0001)) == []


def test_within_tolerance_is_who_is_estimated_less_than_two_per_cent_slower() -> None:
    assert within_tolerance(stood(noise=0.0001)) == [1, 2]


def test_of_those_tied_within_one_per_cent_accuracy_decides_then_size_then_threads() -> None:
    same = [Merits(0.0, 1.0, 1)] * 4

    def instead(**changes: float) -> int:
        second = Merits(**{"loss": 0.0, "size": 1.0, "threads": 1, **changes})
        return recommended(stood(noise=0.02), [same[0], second, Merits(-1.0, 0.1, 1), same[3]])

    assert recommended(stood(noise=0.02), same) == 0
    assert instead(loss=-0.1, size=9.0, threads=8) == 1
    assert instead(size=0.5, threads=8) == 1
    assert instead(threads=0) == 1
    assert instead(loss=0.1, size=0.1) == 0  # and 2, the most accurate of all, is 1.5 % behind


def test_who_is_told_apart_is_not_recommended_however_accurate() -> None:
    assert recommended(stood(noise=0.0001), [Merits(0.0, 1.0, 1), *[Merits(-1.0, 0.1, 1)] * 3]) == 0


def test_who_fresh_pairs_called_slower_than_the_default_is_not_recommended() -> None:
    merits = [Merits(0.0, 1.0, 1), Merits(0.0, 0.5, 1), Merits(0.0, 1.0, 1), Merits(0.0, 1.0, 1)]
    assert recommended(stood(noise=0.02), merits, default=3) == 1
    assert recommended(stood(noise=0.02), merits, default=3, slower={1}) == 0
    assert recommended(stood(noise=0.02), merits, default=3, slower={0, 1}) == 3
