"""Groups of a race: who runs with whom, and what a process's turns come to."""

import math

import numpy as np
import pytest

from runner.racing.groups import PAIR, Group, connected, cut, runs, value


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (6, [6]), (7, [3, 4]), (12, [6, 6]), (13, [4, 5, 4])])
def test_a_block_is_cut_into_equal_groups_of_at_most_six(count: int, sizes: list[int]) -> None:
    found = cut(range(count), seed=0, block=0)
    assert sorted(map(len, found)) == sorted(sizes)
    assert sorted(one for group in found for one in group) == list(range(count))


def test_the_same_seed_and_block_draw_the_same_groups_and_others_draw_others() -> None:
    first = cut(range(12), seed=3, block=1)
    assert cut(reversed(range(12)), seed=3, block=1) == first
    assert cut(range(12), seed=3, block=2) != first
    assert cut(range(12), seed=4, block=1) != first


def test_a_process_s_value_is_the_median_over_rounds_of_its_share_of_the_round() -> None:
    bursts = np.array([[1.0, 2.0, 4.0], [10.0, 20.0, 40.0], [2.0, 2.0, 400.0]])  # slower by ten; one disturbed round
    assert value(bursts) == pytest.approx([-math.log(2), 0.0, math.log(2)])


def test_groups_that_share_no_configuration_cannot_be_compared() -> None:
    apart = [Group(0, {0: 0.0, 1: 0.0}), Group(0, {2: 0.0, 3: 0.0})]
    assert not connected(apart, 4)
    assert connected([*apart, Group(1, {3: 0.0, 0: 0.0})], 4)
    assert connected([Group(0, {0: 0.0, 1: 0.0}), Group(0, {2: 0.0, 3: 0.0}), Group(0, {1: 0.0, 2: 0.0})], 4)
    assert not connected([], 1)


def test_every_process_counts_as_a_run_a_confirmation_s_too() -> None:
    assert runs([Group(0, {0: 0.0, 1: 0.0}), Group(PAIR, {1: 0.0, 2: 0.0})]) == {0: 1, 1: 2, 2: 1}
