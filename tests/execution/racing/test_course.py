"""A race on its device: when blocks begin, when it ends, and who falls out. The processes are stand-ins."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from runner.core.errors import StepFailed
from runner.execution import device_locks
from runner.execution.racing.course import Course, Fell
from runner.execution.racing.field import Entry
from runner.execution.racing.journal import Journal
from runner.measure.run import Run
from runner.racing.race import Race
from runner.racing.spacing import APART_S

TIMES = [1.0, 1.5, 2.0]


class Silent:
    """A display that shows nothing."""

    def begin(self, item: str) -> None: ...
    def update(self, item: str, done: int, total: int, note: str) -> None: ...
    def end(self, item: str, state: str, seconds: float, reason: str) -> None: ...
    def warn(self, text: str) -> None: ...


def entry(number: int, threads: int = 1) -> Entry:
    spec = SimpleNamespace(
        scenario=SimpleNamespace(name="single_stream"),
        measure=SimpleNamespace(settings=None),
        limits=SimpleNamespace(answer_s=1.0),
        seed=0,
    )
    side = SimpleNamespace(threads=threads)
    found: Any = SimpleNamespace(name=f"c{number}", side=side, cell=None, configuration=SimpleNamespace(spec=spec))
    return cast(Entry, found)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(device_locks, "locked", lambda cell, say: nullcontext())

    def made(threads: int = 1, seconds: float = 1e6, broken: int = -1, waits: list[float] | None = None) -> Course:
        def run_group(run: Run, number: int) -> dict[str, float]:
            if str(broken) in run.sides:
                raise StepFailed("it crashed")
            return {role: math.log(TIMES[int(role)]) for role in run.sides}

        entries = [entry(number, threads) for number in range(3)]
        slept = (waits if waits is not None else []).append
        until = time.monotonic() + seconds
        journal = Journal(tmp_path, ("a", "b", "c"), 0)
        return Course(entries, run_group, journal, tmp_path, nullcontext, Silent(), until, slept)

    return made


def test_it_runs_until_the_rules_know_the_fastest_and_keeps_every_group(course: Any) -> None:
    its = course()
    race = its.to_its_end(Race(3, 0))
    assert race.decided
    assert race.standing is not None
    assert race.standing.leader == 0
    assert its.journal.read().race == race


def test_one_thread_needs_no_pause_and_several_a_minute_between_blocks(course: Any) -> None:
    one: list[float] = []
    several: list[float] = []
    course(threads=1, waits=one).to_its_end(Race(3, 0))
    course(threads=2, waits=several).to_its_end(Race(3, 0))
    assert max(one) == 0.0
    assert several[:2] == [0.0, 0.0]  # nothing is known before the second block is over
    assert [round(wait) for wait in several[2:]] == [APART_S] * len(several[2:])


def test_when_time_is_up_it_is_undecided(course: Any) -> None:
    race = course(threads=2, seconds=30.0).to_its_end(Race(3, 0))
    assert not race.decided
    assert race.block == 1  # the third would begin a minute after the second


def test_a_configuration_that_cannot_be_timed_is_found_and_named(course: Any) -> None:
    with pytest.raises(Fell, match="it crashed") as caught:
        course(broken=1).to_its_end(Race(3, 0))
    assert caught.value.entry.name == "c1"


def test_a_configuration_that_falls_out_of_fresh_pairs_is_found_and_named(course: Any) -> None:
    with pytest.raises(Fell, match="it crashed") as caught:
        course(broken=2).pairs(0, 2, 4, apart=0.0)
    assert caught.value.entry.name == "c2"


def test_fresh_pairs_are_the_default_over_the_winner_and_their_halves_are_apart(course: Any) -> None:
    waits: list[float] = []
    ratios = course(waits=waits).pairs(0, 2, 4, apart=60.0)
    assert ratios == pytest.approx([2.0] * 4)
    assert waits == [60.0]
