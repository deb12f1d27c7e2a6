"""Steps side by side on this machine: a Dask scheduler in this process, one worker process a core.

All of it has ended when `perform` returns: nothing of ours runs while anything is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runner import store
from runner.errors import RunnerError
from runner.plan import Node
from runner.report.progress import Display
from runner.schedule import rank, transfer
from runner.schedule.cores import cores
from runner.schedule.crew import Crew, hired
from runner.schedule.settings import Settings
from runner.schedule.silence import CALM, silenced
from runner.schedule.transfer import Held
from runner.schedule.wanted import Lost, Outcome
from runner.spec import Limits

if TYPE_CHECKING:
    from distributed import Client

JOIN_SECONDS = 30.0  # for all workers to join: a step handed out before has to wait for another's end


def perform(
    todo: Sequence[Node],
    there: Mapping[str, Outcome],
    project: Path,
    limits: Limits,
    display: Display,
    schedule: Settings,
) -> dict[str, Outcome]:
    """Make the nodes of `todo`, inputs first; `there` has what they need beside each other. Goes on past a failure."""
    count = min(schedule.workers or cores(), len(todo))
    known = {key: one if isinstance(one, RunnerError) else transfer.held(one) for key, one in there.items()}
    ranks = rank.ranks(todo, rank.seconds(todo, project))
    with hired(count, project) as crew:
        from runner.schedule import submit  # imports Dask, while the workers do

        with _cluster(crew, schedule.attempts) as client:
            terms = submit.Terms(limits, project, count, schedule.attempts, crew.tend)
            made = submit.perform(client, todo, known, ranks, terms, display)
    return {key: _outcome(one, project) for key, one in made.items()}


def _outcome(made: Held | RunnerError, project: Path) -> Outcome:
    if isinstance(made, RunnerError):
        return made
    return store.find(project, made.step, made.key) or Lost(f"{made.step} {made.key[:16]} is there no more.")


@contextmanager
def _cluster(crew: Crew, attempts: int) -> Iterator[Client]:
    """A scheduler on 127.0.0.1 for the crew; a step is begun at most `attempts` times."""
    import dask
    from distributed import Client, LocalCluster

    settings = {**CALM, "distributed.scheduler.allowed-failures": attempts - 1}
    http = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}  # its default port may be another cluster's
    with silenced(), dask.config.set(settings):
        scheduler = LocalCluster(n_workers=0, host="127.0.0.1", scheduler_kwargs=http)  # type: ignore[no-untyped-call]
        with scheduler, Client(scheduler, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            crew.join(scheduler.scheduler_address)
            with suppress(TimeoutError):  # later ones join then
                client.wait_for_workers(crew.count, timeout=JOIN_SECONDS)
            try:
                yield client
            finally:
                crew.dismiss()  # before their scheduler: they would look for it
