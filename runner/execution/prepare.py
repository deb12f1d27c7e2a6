"""Everything that a plan's cells are made of, made by the schedule that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from runner.core.progress import Display
from runner.execution import inline
from runner.planning.graph import Node, Plan
from runner.planning.requirements import Lost, Outcome, needed_keys, side_by_side, survey
from runner.spec.schedule import Inline, Schedule
from runner.spec.schema import Limits
from runner.transport import toolchains

MakeSteps = Callable[[Sequence[Node], Mapping[str, Outcome], Path, Limits, Display], dict[str, Outcome]]

ROUNDS = 3  # of looking and making, where artifacts are lost meanwhile


def prepare(plan: Plan, project: Path, limits: Limits, display: Display, schedule: Schedule) -> dict[str, Outcome]:
    """Every artifact that the plan's cells use, or why there is none, by key. Goes on past a step that fails."""
    toolchains.try_again()
    return get_or_make(needed_keys(plan), plan, project, limits, display, schedule)


def get_or_make(
    keys: Sequence[str], plan: Plan, project: Path, limits: Limits, display: Display, schedule: Schedule
) -> dict[str, Outcome]:
    """The artifacts with these keys and those that had to be made for them, or why there is none.

    Where an artifact is lost after it was found (its folder removed, the machine that held it gone), what needs it is
    looked for and made again.
    """
    for _ in range(ROUNDS - 1):
        outcomes = _round(keys, plan, project, limits, display, schedule)
        if not any(isinstance(outcome, Lost) for outcome in outcomes.values()):
            return outcomes
    return _round(keys, plan, project, limits, display, schedule)


def _round(
    keys: Sequence[str], plan: Plan, project: Path, limits: Limits, display: Display, schedule: Schedule
) -> dict[str, Outcome]:
    there, todo = survey(keys, plan, project, display)
    if not todo:
        return there
    make_steps = _executor(schedule, len(plan.cells) > 1 and side_by_side(todo))
    return {**there, **make_steps(todo, there, project, limits, display)}


def _executor(schedule: Schedule, parallel: bool) -> MakeSteps:
    """A pool only where steps can run at once; Dask is imported only where a cluster is named."""
    if isinstance(schedule, Inline) or (schedule.address is None and not parallel):
        return inline.make_steps
    if schedule.address is None:
        from runner.execution import thread_pool

        return partial(thread_pool.make_steps, workers=schedule.workers)
    from runner.execution.dask import cluster

    return partial(cluster.make_steps, schedule=schedule)
