"""How a race stands: who leads, who is dropped and who returns, and when it ends."""

import math

from runner.racing.groups import Group
from runner.racing.standing import BEYOND, LEAST, Standing, standing


def blocks(*rows: dict[int, float]) -> list[Group]:
    return [Group(block, {one: math.log(time) for one, time in row.items()}) for block, row in enumerate(rows)]


def after(*rows: dict[int, float], configurations: int = 3, demanded: int = LEAST) -> Standing:
    found = standing(blocks(*rows), configurations, demanded)
    assert found is not None
    return found


QUICK, NEAR, SLOW = 1.0, 1.01, 2.0
CLEAR = {0: QUICK, 1: 1.5, 2: SLOW}
TIED = {0: QUICK, 1: NEAR, 2: SLOW}


def wobbling(count: int, by: float) -> list[dict[int, float]]:
    return [{0: QUICK, 1: NEAR * (1 + by * (-1) ** block), 2: SLOW} for block in range(count)]


def test_nothing_is_said_before_all_have_run_twice() -> None:
    assert standing(blocks(CLEAR), 3) is None
    assert standing(blocks(CLEAR, {0: QUICK, 1: 1.5}), 3) is None
    assert standing(blocks(CLEAR, CLEAR), 3) is not None


def test_a_leader_of_fewer_than_four_runs_is_no_yardstick() -> None:
    assert [after(*[CLEAR] * runs).reference for runs in (2, 3, 4)] == [1, 1, 0]


def test_who_cannot_be_two_per_cent_faster_than_the_reference_is_dropped() -> None:
    assert after(*[CLEAR] * 4).active == {0}


def test_who_is_only_one_per_cent_behind_stays_while_the_noise_is_larger_than_that() -> None:
    assert after(*wobbling(4, by=0.06)).active == {0, 1}
    assert after(*wobbling(4, by=0.001)).active == {0}


def test_until_the_leader_has_run_five_times_the_best_three_go_on() -> None:
    assert after(*[CLEAR] * 4).next == (0, 1, 2)
    assert after(*[CLEAR] * 4, {0: QUICK, 1: 1.5}).next == ()
    assert after(*[{**CLEAR, 3: 4.0}] * 4, configurations=4).next == (0, 1, 2)


def test_it_is_decided_when_only_the_leader_is_left_after_five_runs() -> None:
    assert not after(*[CLEAR] * 4).decided
    assert after(*[CLEAR] * 5).decided
    assert not after(*[CLEAR] * 5, demanded=6).decided


def test_one_that_was_dropped_returns_when_what_spoke_against_it_is_gone() -> None:
    unlucky = [{0: 1.3, 1: QUICK, 2: 1.31}] * 2
    assert 0 not in after(*unlucky, *[{1: QUICK, 2: 1.31}] * 2).active
    assert 0 in after(*unlucky, *[{1: 1.4, 2: 1.31}] * 6).active


def test_ties_race_until_sixteen_runs_each_and_are_then_left_undecided() -> None:
    cap = LEAST + BEYOND
    assert cap == 16
    before, found = (after(*wobbling(runs, by=0.1)) for runs in (cap - 1, cap))
    assert before.next == (0, 1)
    assert found.next == ()
    assert not found.decided
    assert found.active == {0, 1}
