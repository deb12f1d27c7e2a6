"""A race on disk: it goes on from what is finished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.core.errors import StepFailed
from runner.execution.racing.journal import Journal
from runner.racing.groups import PAIR, Group
from runner.results.best_result import Confirmed

FOUND = Confirmed("r1", 1.2, 1.1, 1.3, "faster", 2, 0.5)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, ("a", "b", "c"), 0)


def test_finished_groups_are_read_back_in_their_order(journal: Journal) -> None:
    journal.group(0, {2: 0.1, 0: -0.1})
    journal.group(1, {1: 0.25})
    assert journal.read().race.groups == (Group(0, {2: 0.1, 0: -0.1}), Group(1, {1: 0.25}))


def test_the_same_configurations_in_another_order_are_the_same_race(journal: Journal) -> None:
    journal.group(0, {0: 1.0, 2: 3.0})
    other = replace(journal, keys=("c", "b", "a"))
    assert other.folder == journal.folder
    assert other.read().race.groups == (Group(0, {2: 1.0, 0: 3.0}),)
    assert replace(journal, keys=("a", "b")).folder != journal.folder
    assert replace(journal, seed=1).folder != journal.folder


def test_a_confirmation_that_reopened_the_race_is_data_of_it(journal: Journal) -> None:
    journal.group(0, {0: 0.0, 1: -0.5, 2: 1.0})
    journal.confirmed(1, 0, [1.2, 1.25], FOUND, reopens=True)
    told = journal.read()
    assert [group.block for group in told.race.groups] == [0, PAIR, PAIR]
    assert (told.reopened, told.confirmed, told.race.demanded) == (1, None, 3 + 10)


def test_a_confirmation_that_stood_is_the_end(journal: Journal) -> None:
    journal.confirmed(1, 0, [1.2, 1.25], FOUND, reopens=False)
    assert (journal.read().confirmed, journal.read().winner) == (FOUND, 1)


@pytest.mark.parametrize("line", ["{", "[]", '{"block": 0, "values": {"other": 1.0}}', '{"block": "x", "values": {}}'])
def test_a_file_that_cannot_be_right_is_named_with_what_to_do(journal: Journal, line: str) -> None:
    journal.group(0, {0: 0.0})
    journal.file.write_text(journal.file.read_text() + line + "\n")
    with pytest.raises(StepFailed, match="can't be right") as caught:
        journal.read()
    assert str(journal.file) in caught.value.reason
    assert str(journal.file) in caught.value.next_step


def test_a_race_without_one_that_fell_out_goes_on_from_the_groups_of_the_others(journal: Journal) -> None:
    journal.group(0, {2: 0.1, 0: -0.1, 1: 3.0})
    journal.group(1, {1: 0.25, 0: 0.5})
    journal.confirmed(1, 0, [0.97], replace(FOUND, verdict="slower"), reopens=False)
    smaller = replace(journal, keys=("a", "c"))
    smaller.take_over(journal)
    assert smaller.read().race.groups == (Group(0, {1: 0.1, 0: -0.1}),)  # one alone says nothing
    assert dict(smaller.read().slower) == {}


def test_a_race_that_got_further_without_one_keeps_its_own_groups(journal: Journal) -> None:
    journal.group(0, {0: 0.0, 1: 0.5})
    smaller = replace(journal, keys=("a", "b"))
    for block in range(2):
        smaller.group(block, {0: 0.0, 1: 0.4})
    smaller.take_over(journal)
    assert [group.values for group in smaller.read().race.groups] == [{0: 0.0, 1: 0.4}] * 2


def test_fresh_forgets_what_was_raced(journal: Journal) -> None:
    journal.group(0, {0: 0.0})
    journal.forget()
    assert journal.read().race.groups == ()


def test_one_that_proved_slower_than_the_default_is_remembered_and_the_race_has_no_winner_yet(journal: Journal) -> None:
    found = replace(FOUND, ratio=0.97, verdict="slower")
    journal.confirmed(1, 0, [0.97], found, reopens=False)
    journal.group(0, {0: 0.0})
    told = journal.read()
    assert (told.confirmed, told.winner, dict(told.slower)) == (None, None, {1: found})
