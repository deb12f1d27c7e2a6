"""A race follows from its seed and the list of finished groups, so it goes on from any of them."""

import numpy as np

from runner.racing.race import Race, dropped, left

TRUE = np.log([1.0, 1.5, 1.6, 2.0, 2.1, 2.2, 3.0, 3.3])


def run(race: Race, groups: int | None = None) -> Race:
    """Its next groups, all of them unless so many are asked for; the noise is that of the group's number."""
    while (rest := left(race))[1] and (groups is None or groups > 0):
        block, todo = rest
        for members in todo[:groups]:
            noise = np.random.default_rng(len(race.groups)).normal(0, 0.01, len(TRUE))
            race = race.with_(block, {one: float(TRUE[one] + noise[one]) for one in members})
        groups = None if groups is None else groups - len(todo[:groups])
    return race


def test_it_starts_with_two_blocks_of_all_in_groups_of_at_most_six() -> None:
    race = run(Race(8, seed=1), groups=4)
    assert [group.block for group in race.groups] == [0, 0, 1, 1]
    for block in (0, 1):
        assert sorted(one for g in race.groups if g.block == block for one in g.values) == list(range(8))


def test_it_ends_with_the_fastest_and_says_who_was_dropped_when() -> None:
    race = run(Race(8, seed=1))
    assert race.decided
    assert race.standing is not None
    assert race.standing.leader == 0
    assert set(dropped(race)) == set(range(1, 8))
    assert dropped(race)[7] == 1  # after its second block


def test_killed_after_any_group_it_goes_on_to_the_same_end() -> None:
    whole = run(Race(8, seed=5))
    for groups in range(1, len(whole.groups)):
        assert run(run(Race(8, seed=5), groups)) == whole


def test_a_group_that_was_not_finished_is_repeated_whole() -> None:
    race = run(Race(8, seed=2), groups=1)
    block, todo = left(race)
    assert block == 0
    assert sorted([*race.groups[0].values, *todo[0]]) == list(range(8))


def test_of_a_block_whose_groups_were_others_only_those_race_who_have_not_yet() -> None:
    """As after one fell out: who is left is numbered anew, and other groups are drawn."""
    race = run(Race(8, seed=2), groups=2)
    for ran in ({0: 0.0, 5: 1.0}, {4: 0.1, 2: 0.2}):
        race = race.with_(1, ran)
    block, todo = left(race)
    assert block == 1
    assert sorted(one for group in todo for one in group) == [1, 3, 6, 7]


def test_the_last_one_of_such_a_block_races_beside_another() -> None:
    race = run(Race(4, seed=2), groups=1).with_(1, {0: 0.0, 1: 1.0}).with_(1, {1: 0.1, 2: 0.2})
    ((one, other),) = left(race)[1]
    assert 3 in (one, other)


def test_one_configuration_needs_no_race() -> None:
    assert Race(1, seed=0).decided
    assert left(Race(1, seed=0))[1] == []
