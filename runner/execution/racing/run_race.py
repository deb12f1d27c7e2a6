"""One race from its first block to its confirmation, on disk as it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from runner.core.errors import RunnerError
from runner.core.progress import Display
from runner.execution import device_locks
from runner.execution.racing import confirm, verdict
from runner.execution.racing.command import Command
from runner.execution.racing.configurations import Asked
from runner.execution.racing.confirm import Fresh
from runner.execution.racing.course import ITEM, Course, Fell, Timed
from runner.execution.racing.field import Entry
from runner.execution.racing.journal import Journal, Told
from runner.execution.racing.losses import Losses
from runner.measure import race_energy, race_group
from runner.planning import measurement_key
from runner.planning.measurement_key import Parts
from runner.racing import confirmation
from runner.racing import race as racing_rules
from runner.racing.race import Race
from runner.racing.spacing import apart_s
from runner.results import row_cost
from runner.results.best_result import Best, LeftOut

TIME = "time"  # what is raced by for latency and throughput


@dataclass(frozen=True)
class RunRace:
    """What the race of one command shares; `parts` of the keys of measurements by a spec's key."""

    command: Command
    asked: Asked
    default: Entry
    lost: Losses
    parts: Mapping[str, Parts]
    folder: Path

    @property
    def _by_energy(self) -> bool:
        return self.command.how.by == row_cost.ENERGY

    @property
    def _timed(self) -> Timed:
        """How a group is made."""
        if self._by_energy:
            return partial(race_energy.run_group, settings=self.asked.against.telemetry)
        return race_group.run_group

    def best(self, racing: list[Entry], left_out: list[LeftOut]) -> Best:
        """Raced until nobody falls out who can't be timed; the others go on from their finished groups."""
        start = time.monotonic()
        until = start + self.command.how.limit_s
        journal = self._journal(racing)
        while True:
            try:
                found = self._with(racing, journal, until)
            except Fell as fell:
                if fell.entry is self.default:
                    raise fell.error from fell
                self.command.reporter.say(f"{fell.entry.name} falls out: {fell.error.reason}")
                left_out.append(LeftOut(fell.entry.name, fell.error.status, fell.error.reason, fell.error.next_step))
                racing = [one for one in racing if one is not fell.entry]
                before, journal = journal, self._journal(racing)
                journal.take_over(before)
                continue
            return replace(found, left_out=tuple(left_out), seconds=time.monotonic() - start)

    def _journal(self, racing: Sequence[Entry]) -> Journal:
        keys = tuple(measurement_key.digest(self.parts[one.configuration.spec.key]) for one in racing)
        what = row_cost.ENERGY if self._by_energy else TIME
        journal = Journal(self.command.home, keys, self.asked.against.seed, what)
        if self.command.how.fresh:
            journal.forget()
        return journal

    def _with(self, racing: Sequence[Entry], journal: Journal, until: float) -> Best:
        told = journal.read()
        if told.race.groups:
            self.command.reporter.say(f"goes on from {len(told.race.groups)} finished groups: {journal.folder}")
        place = next(number for number, one in enumerate(racing) if one is self.default)
        while told.confirmed is None:
            told = replace(told, race=self._to_its_end(racing, journal, told.race, until))
            winner = verdict.winner(told, racing, self.lost, place)
            if winner == place or racing_rules.left(told.race)[1]:  # time is up
                return verdict.of(told, racing, place, winner, self._about(journal))
            told = self._confirmed(told, racing, journal, winner, place)
        return verdict.of(told, racing, place, told.winner, self._about(journal))

    def _about(self, journal: Journal) -> verdict.About:
        return verdict.About(self.command.how, self.lost, str(journal.folder), self.command.words)

    def _to_its_end(self, racing: Sequence[Entry], journal: Journal, race: Race, until: float) -> Race:
        with self._shown(f"race of {len(racing)} configurations") as display:
            return self._course(racing, journal, display, until).to_its_end(race)

    @contextmanager
    def _shown(self, what: str) -> Iterator[Display]:
        """A display of one item."""
        with self.command.reporter.display([(ITEM, what)]) as display:
            display.begin(ITEM)
            start = time.monotonic()
            yield display
            display.end(ITEM, "done", time.monotonic() - start, "")

    def _course(self, racing: Sequence[Entry], journal: Journal, display: Display, until: float) -> Course:
        here = device_locks.LOCAL in device_locks.devices_of(self.default.cell)
        quiet = self.command.tracker.still if here else nullcontext
        return Course(racing, self._timed, journal, self.folder, quiet, display, until)

    def _confirmed(self, told: Told, racing: Sequence[Entry], journal: Journal, winner: int, default: int) -> Told:
        """After fresh pairs of winner and default: confirmed, or raced on with them."""
        fresh = self._fresh(told.race, racing, journal, winner, default)
        found = fresh.found
        high = found.high if found.high is not None else found.ratio
        again = told.reopened < confirmation.MOST_REOPENED
        reopens = again and confirmation.promised_too_much(told.race, winner, default, high)
        journal.confirmed(winner, default, fresh.ratios, found, reopens)
        if not reopens:
            return told.after(winner, found)
        self.command.reporter.say(f"the race promised more than fresh pairs say ({found.ratio:.3f}×): it goes on")
        race = confirmation.reopened(told.race, winner, default, fresh.ratios)
        return Told(race, told.reopened + 1, slower=told.slower)

    def _fresh(self, race: Race, racing: Sequence[Entry], journal: Journal, winner: int, default: int) -> Fresh:
        """Fresh pairs of winner and default: by what the race was by, of which a record of times says nothing sure."""
        apart = apart_s(race.standing, [one.side.threads for one in racing])
        if self._by_energy:
            with self._shown(f"{racing[winner].name} against the default") as display:
                course = self._course(racing, journal, display, math.inf)
                return confirm.by_pairs(course, winner, default, self.asked.against.measure.settings, apart)
        try:
            return confirm.by_record(self.command, self.asked, racing[winner], apart)
        except RunnerError:
            with self._shown("each of the two alone") as display:
                self._course(racing, journal, display, math.inf).find_fault([winner, default], 0)
            raise
