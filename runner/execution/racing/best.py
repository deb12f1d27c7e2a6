"""`best`: configurations composed, made, sorted by quality, raced, and the winner confirmed by an ordinary record."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.artifacts import leases
from runner.core import project_paths
from runner.core.disk_errors import room
from runner.core.errors import BY_STATUS, RunnerError, StepFailed, Unavailable, check_choice
from runner.core.progress import Display, Reporter
from runner.execution import device_locks
from runner.execution.racing import configurations, estimates, field, losses, verdict
from runner.execution.racing.configurations import Asked
from runner.execution.racing.course import ITEM, Course, Fell
from runner.execution.racing.field import Entry
from runner.execution.racing.journal import Journal, Told
from runner.execution.racing.losses import Losses
from runner.planning import measurement_key
from runner.racing import confirmation
from runner.racing.race import Race
from runner.racing.spacing import apart_s
from runner.results import quality_loss, row_cost
from runner.results.best_result import Best, BestEstimate, Confirmed, LeftOut
from runner.results.quality_loss import Budget
from runner.results.records import Record
from runner.tracking.client import Tracker

RACED = (row_cost.LATENCY, row_cost.THROUGHPUT, row_cost.SIZE)
ESTIMATE = "estimate"
BY = (*row_cost.BY, ESTIMATE)
ANY = "any"
LOSS, LIMIT_S = "1%", 3600.0


@dataclass(frozen=True)
class How:
    """What is asked for beside words: the best `by` what; how much quality may be lost (`any`: it doesn't matter);
    after how many seconds the race ends undecided; whether it starts `fresh`."""

    by: str = row_cost.LATENCY
    max_loss: str = LOSS
    limit_s: float = LIMIT_S
    fresh: bool = False

    @property
    def budget(self) -> Budget | None:
        """None: whatever is lost. Raises SpecError for a text that is no budget."""
        return None if self.max_loss == ANY else quality_loss.parse(self.max_loss)


@dataclass(frozen=True)
class Command:
    """One command: its `words`, its project's `root`, and who is told."""

    words: Sequence[str]
    how: How
    root: Path
    tracker: Tracker
    reporter: Reporter

    @property
    def home(self) -> Path:
        """Where what it makes lies."""
        return project_paths.home(self.root)


def best(command: Command) -> Best | BestEstimate:
    """The best configuration of what the words leave. Raises SpecError for bad words, Unavailable for a figure that
    can't be raced by, and what the default, the yardstick of all, fails with."""
    check_choice("--by", command.how.by, BY)
    if command.how.by == row_cost.ENERGY:
        raise Unavailable(
            "--by energy: a race reads times, no power.",
            "Measure each configuration with -m, then: python -m runner compare --max-loss 1% --by energy",
        )
    if command.how.by == ESTIMATE:
        asked = configurations.read(command.root, command.words, estimates=True)
        return estimates.best(asked, command.root, command.tracker, command.reporter)
    return raced(command)


def raced(command: Command) -> Best:
    """The best by one of RACED; raises as `best`."""
    budget = command.how.budget
    asked = configurations.read(command.root, command.words)
    made, impossible = field.planned(asked, command.root)
    command.reporter.say(f"{len(made.cells)} configurations of {asked.against.model.title}")
    ready = field.prepared(asked, made, command.home, command.reporter)
    default = _default(ready, asked)
    keys = {key for cell in made.cells for key in cell.candidate.keys.values()}
    with TemporaryDirectory(prefix="best-") as folder, room(command.home), leases.lease(command.home, keys):
        with device_locks.locked(default.cell, command.reporter.say):
            lost = losses.measured(ready.entries, default, Path(folder), command.reporter.say)
        racing, out = losses.sorted_out(ready.entries, default, lost, budget)
        left_out = [*asked.left_out, *impossible, *ready.left_out, *out]
        return _Raced(command, asked, default, lost, Path(folder)).best(racing, left_out)


def _default(ready: field.Field, asked: Asked) -> Entry:
    """Raises what it fails with: nothing can be said beside nothing."""
    name = asked.configurations[0].name
    found = next((one for one in ready.entries if one.name == name), None)
    if found is None:
        why = next((one for one in ready.left_out if one.name == name), LeftOut(name, "failed", "it can't be planned"))
        raise BY_STATUS.get(why.status, StepFailed)(f"The default, {name}: {why.reason}", why.next_step)
    return found


@dataclass(frozen=True)
class _Raced:
    """What the race of one command shares."""

    command: Command
    asked: Asked
    default: Entry
    lost: Losses
    folder: Path

    @property
    def _by_size(self) -> bool:
        return self.command.how.by == row_cost.SIZE

    def best(self, racing: list[Entry], left_out: list[LeftOut]) -> Best:
        """Raced until nobody falls out who can't be timed."""
        start = time.monotonic()
        until = start + self.command.how.limit_s
        while True:
            journal = self._journal(racing)
            try:
                found = self._with(racing, journal, until)
            except Fell as fell:
                if fell.entry is self.default:
                    raise fell.error from fell
                left_out.append(LeftOut(fell.entry.name, fell.error.status, fell.error.reason, fell.error.next_step))
                racing = [one for one in racing if one is not fell.entry]
                continue
            return replace(found, left_out=tuple(left_out), seconds=time.monotonic() - start)

    def _journal(self, racing: Sequence[Entry]) -> Journal:
        parts = measurement_key.parts_of_all(one.cell for one in racing)
        keys = tuple(measurement_key.digest(parts[one.configuration.spec.key]) for one in racing)
        what = row_cost.SIZE if self._by_size else "time"
        journal = Journal(self.command.home, keys, self.asked.against.seed, what)
        if self.command.how.fresh:
            journal.forget()
        return journal

    def _with(self, racing: Sequence[Entry], journal: Journal, until: float) -> Best:
        told = journal.read()
        if told.race.groups:
            self.command.reporter.say(f"goes on from {len(told.race.groups)} finished groups: {journal.folder}")
        if self._by_size:
            told = replace(told, race=Race(1, told.race.seed))  # a file's size needs no race
        place = next(number for number, one in enumerate(racing) if one is self.default)
        while told.confirmed is None:
            if not self._by_size:
                told = replace(told, race=self._to_its_end(racing, journal, told.race, until))
            winner = verdict.winner(told, racing, self.lost, self.command.how.by, place)
            if winner == place or not self._over(told.race):
                return verdict.of(told, racing, place, winner, self._about(journal))
            told = self._confirmed(told, racing, journal, winner, place)
        return verdict.of(told, racing, place, told.winner, self._about(journal))

    def _about(self, journal: Journal) -> verdict.About:
        how = self.command.how
        return verdict.About(how.by, how.budget, self.lost, journal.folder, how.limit_s)

    def _over(self, race: Race) -> bool:
        """Whether the rules ended it, not the time."""
        from runner.racing import race as racing

        return not racing.left(race)[1]

    def _to_its_end(self, racing: Sequence[Entry], journal: Journal, race: Race, until: float) -> Race:
        with self.command.reporter.display([(ITEM, f"race of {len(racing)} configurations")]) as display:
            display.begin(ITEM)
            start = time.monotonic()
            found = self._course(racing, journal, display, until).to_its_end(race)
            display.end(ITEM, "done", time.monotonic() - start, "")
        return found

    def _course(self, racing: Sequence[Entry], journal: Journal, display: Display, until: float) -> Course:
        here = device_locks.LOCAL in device_locks.devices_of(self.default.cell)
        quiet = self.command.tracker.still if here else nullcontext
        return Course(racing, journal, self.folder, quiet, display, until)

    def _confirmed(self, told: Told, racing: Sequence[Entry], journal: Journal, winner: int, default: int) -> Told:
        """After fresh pairs of winner and default: confirmed, or raced on with them."""
        apart = apart_s(told.race.standing, [one.side.threads for one in racing])
        record = self._record(racing[winner], apart)
        found, ratios = _found(record)
        high = found.high if found.high is not None else found.ratio
        reopens = (
            told.reopened < confirmation.MOST_REOPENED
            and not self._by_size
            and confirmation.promised_too_much(told.race, winner, default, high)
        )
        journal.confirmed(winner, default, ratios, found, reopens)
        if not reopens:
            return told.after(winner, found)
        self.command.reporter.say(f"the race promised more than fresh pairs say ({found.ratio:.3f}×): it goes on")
        race = confirmation.reopened(told.race, winner, default, ratios)
        return Told(race, told.reopened + 1, slower=told.slower)

    def _record(self, winner: Entry, apart: float) -> Record:
        """The winner measured against the default as any run is, in halves so many seconds apart. Raises what that ends
        in."""
        from runner.execution import run_plan
        from runner.planning import plan
        from runner.sweeps import request

        command = self.command
        about = (winner.configuration, self.asked.against, command.words, command.root, apart)
        words = configurations.confirming(*about)
        asked = request.single(command.root, words)
        made = plan.make([asked.spec], command.root)
        own = (made, command.home, command.tracker, asked.schedule, command.reporter)
        record = run_plan.run(*own, fresh=True, tracking=asked.tracking).records[0]
        if record.result.status != "ok":
            error: type[RunnerError] = BY_STATUS.get(record.result.status, StepFailed)
            raise error(f"best: confirming {winner.name}: {record.result.reason}", record.result.next_step)
        return record


def _found(record: Record) -> tuple[Confirmed, list[float]]:
    """The confirmation, and the ratio of each pair."""
    result = record.result
    assert result.comparison is not None, "the winner isn't the default"
    told = result.comparison
    figures = (told.ratio, told.low, told.high, str(told.verdict), len(told.by_pair), result.metrics["latency/p50_ms"])
    return Confirmed(result.record_id, *figures), list(told.by_pair)
