"""Blocks are kept a minute apart where a configuration changes its mood in streaks."""

import math

import pytest

from runner.racing.groups import Group
from runner.racing.spacing import APART_S, apart_s
from runner.racing.standing import Standing, standing


def stood(wild: float = 0.0) -> Standing:
    quiet = {0: 0.0, 1: 0.2, 2: 0.5, 3: 0.7, 4: 0.9, 5: 1.1}
    groups = [
        Group(block, {one: log + 0.001 * math.sin(7 * block + 3 * one) for one, log in quiet.items()})
        for block in range(8)
    ]
    if wild:
        groups[3] = Group(3, {**groups[3].values, 1: groups[3].values[1] + wild})
    found = standing(groups, len(quiet))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("threads", "seconds"),
    [([1] * 6, 0.0), ([2, 1, 1, 1, 1, 1], APART_S), ([1, 2, 1, 1, 1, 1], APART_S), ([1, None, 1, 1, 1, 1], APART_S)],
)
def test_a_leader_or_runner_up_of_several_threads(threads: list[int | None], seconds: float) -> None:
    assert apart_s(stood(), threads) == seconds


def test_not_one_that_is_far_behind() -> None:
    assert apart_s(stood(), [1, 1, 2, 2, 2, 2]) == 0.0


def test_one_that_scatters_far_more_than_the_others() -> None:
    assert apart_s(stood(wild=0.3), [1] * 6) == APART_S


def test_nothing_is_known_before_the_second_block() -> None:
    assert apart_s(None, [2, 2]) == 0.0
