"""`best`: configurations composed, made, sorted by quality, raced, and the winner confirmed by fresh pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.artifacts import leases
from runner.core.disk_errors import room
from runner.core.errors import BY_STATUS, StepFailed, Unavailable, check_choice
from runner.execution import device_locks
from runner.execution.racing import configurations, estimates, field, losses, verdict
from runner.execution.racing.command import BY, ESTIMATE, Command
from runner.execution.racing.configurations import Asked
from runner.execution.racing.field import Entry
from runner.execution.racing.kept_losses import KeptLosses
from runner.execution.racing.losses import Losses
from runner.execution.racing.run_race import RunRace
from runner.measure import race_energy
from runner.planning.measurement_key import Parts
from runner.results import row_cost
from runner.results.best_result import Best, BestEstimate, LeftOut
from runner.telemetry.summary import ELSEWHERE
from runner.transport import devices

OFFLINE = "scenario=offline"


def best(command: Command) -> Best | BestEstimate:
    """The best configuration of what the words leave. Raises SpecError for bad words, Unavailable for a figure that
    can't be read here, and what the default, the yardstick of all, fails with."""
    check_choice("--by", command.how.by, BY)
    if command.how.by == ESTIMATE:
        asked = configurations.read(command.root, command.words, estimates=True)
        return estimates.best(asked, command.root, command.tracker, command.reporter)
    return raced(command)


def raced(command: Command) -> Best:
    """The best by anything but estimates; raises as `best`."""
    budget = command.how.budget
    asked = configurations.read(command.root, _words(command))
    if command.how.by == row_cost.ENERGY:
        _check_power(asked)
    made, impossible = field.planned(asked, command.root)
    command.reporter.say(f"{len(made.cells)} configurations of {asked.against.model.title}")
    ready, parts = field.keyed(field.prepared(asked, made, command.home, command.reporter))
    default = _default(ready, asked)
    keys = {key for cell in made.cells for key in cell.candidate.keys.values()}
    with TemporaryDirectory(prefix="best-") as folder, room(command.home), leases.lease(command.home, keys):
        lost = _losses(command, ready.entries, default, parts, Path(folder))
        racing, out = losses.sorted_out(ready.entries, default, lost, budget)
        left_out = [*asked.left_out, *impossible, *ready.left_out, *out]
        if command.how.by == row_cost.SIZE:
            found = verdict.smallest(racing, racing.index(default), lost, command.how)
            return replace(found, left_out=tuple(left_out))
        return RunRace(command, asked, default, lost, parts, Path(folder)).best(racing, left_out)


def _words(command: Command) -> Sequence[str]:
    """Throughput is that of samples which are all there at once, unless words name another scenario."""
    named = any(word.partition("=")[0] == "scenario" for word in command.words)
    return [*command.words, *([OFFLINE] if command.how.by == row_cost.THROUGHPUT and not named else [])]


def _check_power(asked: Asked) -> None:
    """Raises Unavailable where no energy can be read."""
    if devices.device_of(asked.against.hardware.settings).remote:
        raise Unavailable(f"--by energy: {ELSEWHERE}.", race_energy.NEXT)
    with TemporaryDirectory(prefix="best-") as folder:
        race_energy.check(asked.against.telemetry, Path(folder))


def _default(ready: field.Field, asked: Asked) -> Entry:
    """Raises what it fails with: nothing can be said beside nothing."""
    name = asked.configurations[0].name
    found = next((one for one in ready.entries if one.name == name), None)
    if found is None:
        why = next((one for one in ready.left_out if one.name == name), LeftOut(name, "failed", "it can't be planned"))
        raise BY_STATUS.get(why.status, StepFailed)(f"The default, {name}: {why.reason}", why.next_step)
    return found


def _losses(
    command: Command, entries: Sequence[Entry], default: Entry, parts: Mapping[str, Parts], folder: Path
) -> Losses:
    """What each artifact loses: kept ones as they are, the others predicted with now, and kept."""
    kept = KeptLosses(command.home)
    known = losses.known(entries, default, kept, parts)
    missing = known.missing(entries)
    if not missing:
        return known
    with device_locks.locked(default.cell, command.reporter.say):
        found = losses.measured(missing, default, folder, command.reporter.say)
    losses.keep(found, missing, default, kept, parts)
    return known.with_(found)
