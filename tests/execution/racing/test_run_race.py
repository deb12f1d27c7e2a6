"""A race in which one falls out: the others go on from their finished groups. Its processes are stand-ins."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from runner.core.errors import StepFailed
from runner.execution import device_locks
from runner.execution.racing import confirm, course
from runner.execution.racing.command import How
from runner.execution.racing.confirm import Fresh
from runner.execution.racing.field import Entry
from runner.execution.racing.losses import Losses
from runner.execution.racing.run_race import RunRace
from runner.measure import race_group
from runner.measure.run import Run
from runner.planning import measurement_key
from runner.results.best_result import Best, Confirmed
from runner.results.record_schema import Absent
from tests.execution.racing.test_course import Silent, entry

TIMES = {"c0": 3.0, "c1": 1.0, "c2": 2.0, "c3": 4.0}
FOUND = Confirmed("r1", 3.0, 2.9, 3.1, "faster", 8, 0.5)
Group = dict[str, float]


class Told:
    """A reporter that remembers what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def display(self, items: Any) -> Iterator[Silent]:
        yield Silent()


def complete(one: Entry) -> Entry:
    found: Any = one
    found.artifact, found.size_mb = one.name, 0.1
    found.configuration.words, found.configuration.spec.key = (), one.name
    found.side.label = one.name
    return cast(Entry, found)


@pytest.fixture
def race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Best, list[list[str]], Told]]:
    """`race(breaks)`: the answer, the groups that were finished, and what was told; `breaks(name, group)` says whether
    a configuration crashes in the group of that number (from 0)."""
    monkeypatch.setattr(course, "apart_s", lambda standing, threads: 0.0)
    monkeypatch.setattr(device_locks, "locked", lambda cell, say: nullcontext())
    monkeypatch.setattr(device_locks, "devices_of", lambda cell: ())
    monkeypatch.setattr(measurement_key, "digest", lambda parts: str(parts))

    def raced(
        breaks: Callable[[str, int], bool], confirming: Callable[..., Fresh] = lambda *_: Fresh(FOUND, [2.0])
    ) -> tuple[Best, list[list[str]], Told]:
        finished: list[list[str]] = []

        def run_group(run: Run, number: int) -> Group:
            names = {role: side.label for role, side in run.sides.items()}
            if any(breaks(name, number) for name in names.values()):
                raise StepFailed("it crashed")
            finished.append(sorted(names.values()))
            noise = random.Random(number).gauss
            return {role: math.log(TIMES[name]) + noise(0, 0.005) for role, name in names.items()}

        monkeypatch.setattr(race_group, "run_group", run_group)
        monkeypatch.setattr(confirm, "by_record", confirming)
        told = Told()
        entries = [complete(entry(number)) for number in range(4)]
        lost = Losses({one.artifact: Absent("no metric") for one in entries})
        command: Any = SimpleNamespace(words=["model=gru"], how=How(max_loss="any"), home=tmp_path, reporter=told)
        asked: Any = SimpleNamespace(against=SimpleNamespace(seed=0))
        parts: Any = {one.name: one.name for one in entries}
        own = RunRace(command, asked, entries[0], lost, parts, tmp_path)
        return own.best(entries, []), finished, told

    return raced


def test_who_fails_in_the_second_group_falls_out_and_the_others_go_on_from_the_first(race: Any) -> None:
    best, finished, told = race(lambda name, number: name == "c2" and number >= 1)
    assert best.winner == "c1"
    assert [(one.name, one.status, one.reason) for one in best.left_out] == [("c2", "failed", "it crashed")]
    together = [names for names in finished if len(names) > 1]  # one alone: whose fault it was
    assert together == [["c0", "c1", "c2", "c3"], *[["c0", "c1", "c3"]] * 4]
    assert {one.runs for one in best.raced} == {5}
    assert "c2 falls out: it crashed" in told.lines
    assert any(line.startswith("goes on from 1 finished groups") for line in told.lines)


def test_who_fails_twice_over_leaves_the_others_all_that_was_finished(race: Any) -> None:
    best, _, _ = race(lambda name, number: (name == "c2" and number >= 1) or (name == "c3" and number >= 2))
    assert {one.name for one in best.left_out} == {"c2", "c3"}
    assert (best.winner, best.decided) == ("c1", True)
    assert best.blocks == 5  # as many as the leader needs: none was raced again


def test_the_same_command_again_goes_on_from_where_the_others_got_to(race: Any) -> None:
    def breaks(name: str, number: int) -> bool:
        return name == "c2" and number >= 1

    first, _, _ = race(breaks)
    again, finished, _ = race(breaks)
    assert (again.winner, again.processes) == (first.winner, first.processes)
    assert [names for names in finished if len(names) > 1] == []  # nothing but the look whose fault it is


def test_the_default_has_no_substitute(race: Any) -> None:
    with pytest.raises(StepFailed, match="it crashed"):
        race(lambda name, number: name == "c0" and number >= 1)


def test_a_winner_that_fails_when_it_is_confirmed_falls_out_too(race: Any) -> None:
    gone: list[str] = []

    def confirming(command: Any, asked: Any, winner: Entry, apart: float) -> Fresh:
        if winner.name == "c1":
            gone.append("c1")
            raise StepFailed("it was lost")
        return Fresh(FOUND, [1.5])

    best, _, _ = race(lambda name, number: name in gone, confirming)
    assert best.winner == "c2"
    assert [(one.name, one.reason) for one in best.left_out] == [("c1", "it crashed")]


def test_a_confirmation_that_fails_while_both_run_ends_the_command(race: Any) -> None:
    def confirming(*_: Any) -> Fresh:
        raise StepFailed("no space left")

    with pytest.raises(StepFailed, match="no space left"):
        race(lambda name, number: False, confirming)
