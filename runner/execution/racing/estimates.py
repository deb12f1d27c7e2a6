"""The best by what backends reckon, of those that reckon: nothing is timed, nothing races."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from runner.core import project_paths
from runner.core.errors import BY_STATUS, RunnerError, Unsupported
from runner.core.progress import Reporter
from runner.execution import run_plan
from runner.execution.racing import field
from runner.execution.racing.configurations import Asked, Configuration
from runner.results import naming
from runner.results.best_result import BestEstimate, LeftOut, Reckoned
from runner.results.record_schema import Estimated, Result
from runner.tracking.client import Tracker

LATENCY = "latency/"


def best(asked: Asked, root: Path, tracker: Tracker, reporter: Reporter) -> BestEstimate:
    """The configuration of the least estimated latency; each leaves a record. Raises Unsupported without any."""
    made, impossible = field.planned(asked.without_default(), root)
    home = project_paths.home(root)
    ran = run_plan.run(made, home, tracker, asked.schedule, reporter, fresh=True, tracking=asked.tracking)
    by_key = {one.spec.key: one for one in asked.configurations}
    found = [_reckoned(by_key[record.result.spec_key], record.result) for record in ran.records]
    rows = ranked(one for one in found if isinstance(one, Reckoned))
    left_out = (*asked.left_out, *impossible, *(one for one in found if isinstance(one, LeftOut)))
    if not rows:
        raise _nothing(left_out)
    return BestEstimate(rows, left_out)


def ranked(found: Iterable[Reckoned]) -> tuple[Reckoned, ...]:
    """The fastest first. One whose estimate is incomplete takes longer than it says: it stands after all others."""
    return tuple(sorted(found, key=lambda one: (bool(one.incomplete), one.ms)))


def _reckoned(one: Configuration, result: Result) -> Reckoned | LeftOut:
    figures = naming.plain_metrics(result)
    latency = next((value for name, value in figures.items() if name.startswith(LATENCY)), None)
    told = result.provenance
    if isinstance(told, Estimated) and latency is not None:
        return Reckoned(one.name, one.words, latency, told.source, result.record_id, told.incomplete)
    reason = result.reason or "its backend reckons no latency"
    return LeftOut(one.name, result.status if result.status != "ok" else "unsupported", reason, result.next_step)


def _nothing(left_out: Sequence[LeftOut]) -> RunnerError:
    """The first reason why: all have it as a rule."""
    first = left_out[0] if left_out else LeftOut("", "unsupported", "no backend reckons one")
    reason = f"--by estimate: no configuration has an estimated latency. {first.name}: {first.reason}"
    return BY_STATUS.get(first.status, Unsupported)(reason, first.next_step)
