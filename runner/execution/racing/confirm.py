"""The winner against the default in fresh pairs: by an ordinary record of both, or by pairs of what was raced by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runner.core.errors import BY_STATUS, RunnerError, StepFailed
from runner.execution import run_plan
from runner.execution.racing import configurations
from runner.execution.racing.command import Command
from runner.execution.racing.configurations import LEAST, Asked
from runner.execution.racing.course import Course
from runner.execution.racing.field import Entry
from runner.measure.noise_floor import NoiseFloor
from runner.measure.settings import Settings
from runner.measure.statistics import hodges_lehmann_at
from runner.measure.verdict import verdict
from runner.planning import plan
from runner.results.best_result import Confirmed
from runner.results.records import Record
from runner.sweeps import request


@dataclass(frozen=True)
class Fresh:
    """What fresh pairs say, and the ratio of each, default's figure over winner's."""

    found: Confirmed
    ratios: Sequence[float]


def by_record(command: Command, asked: Asked, winner: Entry, apart: float) -> Fresh:
    """The winner measured against the default as any run is, in halves so many seconds apart. Raises what that ends
    in."""
    words = configurations.confirming(winner.configuration, asked.against, command.words, command.root, apart)
    own = request.single(command.root, words)
    how = (command.home, command.tracker, own.schedule, command.reporter)
    record = run_plan.run(plan.make([own.spec], command.root), *how, fresh=True, tracking=own.tracking).records[0]
    if record.result.status != "ok":
        error: type[RunnerError] = BY_STATUS.get(record.result.status, StepFailed)
        raise error(f"best: confirming {winner.name}: {record.result.reason}", record.result.next_step)
    return _told(record)


def _told(record: Record) -> Fresh:
    result = record.result
    assert result.comparison is not None, "the winner isn't the default"
    told = result.comparison
    figures = (told.ratio, told.low, told.high, str(told.verdict), len(told.by_pair), result.metrics["latency/p50_ms"])
    return Fresh(Confirmed(result.record_id, *figures), list(told.by_pair))


def by_pairs(course: Course, winner: int, default: int, settings: Settings, apart: float) -> Fresh:
    """Fresh pairs of the two, as groups of the race are made, with the verdict that pairs of times would have."""
    ratios = course.pairs(winner, default, max(LEAST, settings.min_pairs), apart)
    return Fresh(told_by(ratios, settings), ratios)


def told_by(ratios: Sequence[float], settings: Settings) -> Confirmed:
    """Of at least LEAST pairs. They leave no record."""
    shown, strict = hodges_lehmann_at(np.log(ratios), (settings.confidence, settings.verdict_confidence))
    said = verdict(strict, NoiseFloor(settings.floor, "measure.floor"), settings.equivalence)
    ratio, low, high = (float(np.exp(end)) for end in (shown.estimate, shown.low, shown.high))
    return Confirmed("", ratio, low, high, said.value, len(ratios))
