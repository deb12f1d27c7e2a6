"""A race on its device: groups of fresh processes until the rules say who is fastest, or time is up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from runner.core.errors import RunnerError
from runner.core.progress import Display
from runner.core.unexpected import attempt
from runner.execution import device_locks
from runner.execution.racing.field import Entry
from runner.execution.racing.journal import Journal
from runner.measure import scenarios
from runner.measure.run import Quiet, Run
from runner.racing import race as racing
from runner.racing.race import Race
from runner.racing.spacing import apart_s

ITEM = "race"
Timed = Callable[[Run, int], dict[str, float]]  # (a group, its number) -> by role the log of what is raced by


class Fell(Exception):
    """A configuration can't be timed: the race goes on without it."""

    def __init__(self, entry: Entry, error: RunnerError) -> None:
        super().__init__(error.reason)
        self.entry, self.error = entry, error


@dataclass
class Course:
    """Where and how `entries` race. `timed` makes and times a group; `folder` takes the workers' logs; everything is
    timed inside `quiet()`; no block begins after `until` (of the monotonic clock). `begun`: when the last block did."""

    entries: Sequence[Entry]
    timed: Timed
    journal: Journal
    folder: Path
    quiet: Quiet
    display: Display
    until: float
    sleep: Callable[[float], None] = time.sleep
    begun: float | None = field(default=None)

    def to_its_end(self, race: Race) -> Race:
        """The race, decided, or as far as rules and time let it go. Raises Fell for a configuration that can't be timed
        and what else keeps a group from being timed."""
        while (rest := racing.left(race))[1]:
            if not self._ready(race):
                return race
            block, groups = rest
            with device_locks.locked(self.entries[0].cell, self.display.warn):
                for members in groups:
                    values = self._values(members, len(race.groups))
                    self.journal.group(block, values)
                    race = race.with_(block, values)
            self.display.update(ITEM, block + 1, 0, self._note(race))
        return race

    def pairs(self, one: int, other: int, count: int, apart: float) -> list[float]:
        """`other`'s figure over `one`'s in so many fresh pairs, whose halves are `apart` seconds apart. Raises as
        `to_its_end`."""
        found = []
        for number in range(count):
            if number == count // 2:
                self.sleep(apart)
            with device_locks.locked(self.entries[0].cell, self.display.warn):
                values = self._values([one, other], number)
            found.append(math.exp(values[other] - values[one]))
            self.display.update(ITEM, number + 1, count, "fresh pairs")
        return found

    def _ready(self, race: Race) -> bool:
        """Whether a block may begin, once blocks are as far apart as they have to be."""
        wait = apart_s(race.standing, [one.side.threads for one in self.entries])
        due = time.monotonic() if self.begun is None else max(time.monotonic(), self.begun + wait)
        if due >= self.until:
            return False
        self.sleep(due - time.monotonic() if due > time.monotonic() else 0.0)
        self.begun = time.monotonic()
        return True

    def _note(self, race: Race) -> str:
        now = race.standing
        if now is None:
            return f"{len(self.entries)} race"
        return f"{len(now.active)} left, {self.entries[now.leader].name} leads"

    def _values(self, members: Sequence[int], number: int) -> dict[int, float]:
        """One group; where it fails, each of its configurations is tried alone to find whose fault it is."""
        came = attempt(partial(self._group, members, number))
        if not isinstance(came, RunnerError):
            return came
        self.find_fault(members, number)
        return self._group(members, number)  # each of them runs: once more together

    def find_fault(self, members: Sequence[int], number: int) -> None:
        """Raises Fell for the first of them that can't be timed alone."""
        for one in members:
            alone = attempt(partial(self._group, [one], number))
            if isinstance(alone, RunnerError):
                raise Fell(self.entries[one], alone)

    def _group(self, members: Sequence[int], number: int) -> dict[int, float]:
        sides = {str(one): self.entries[one].side for one in members}
        spec = self.entries[members[0]].configuration.spec
        how = scenarios.named(spec.scenario.name)
        run = Run(sides, spec.measure.settings, spec.seed, self.folder, spec.limits.answer_s, self.quiet, scenario=how)
        return {int(role): value for role, value in self.timed(run, number).items()}
