"""Steps side by side on this machine: a Dask scheduler in this process, one worker process a core.

All of it has ended when `perform` returns: nothing of ours runs while anything is measured.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import dask
from distributed import Client, LocalCluster

from runner import store
from runner.endpoints import keeper
from runner.endpoints.local import environment
from runner.errors import RunnerError, StepFailed
from runner.plan import Node
from runner.report.progress import Display
from runner.schedule import rank, submit, transfer
from runner.schedule.cores import cores
from runner.schedule.settings import Settings
from runner.schedule.silence import silenced
from runner.schedule.transfer import Held
from runner.schedule.wanted import Lost, Outcome
from runner.spec import Limits

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
    with _cluster(count, schedule.attempts, project) as (client, crew):
        terms = submit.Terms(limits, project, count, schedule.attempts, crew.tend)
        made = submit.perform(client, todo, known, ranks, terms, display)
    return {key: _outcome(one, project) for key, one in made.items()}


def _outcome(made: Held | RunnerError, project: Path) -> Outcome:
    if isinstance(made, RunnerError):
        return made
    return store.find(project, made.step, made.key) or Lost(f"{made.step} {made.key[:16]} is there no more.")


@contextmanager
def _cluster(count: int, attempts: int, project: Path) -> Iterator[tuple[Client, _Crew]]:
    """A scheduler on 127.0.0.1 with `count` workers; a step is begun at most `attempts` times."""
    bounds = {"distributed.scheduler.allowed-failures": attempts - 1}
    with silenced(), dask.config.set(bounds), tempfile.TemporaryDirectory(prefix="edge-runner-") as folder:
        http = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}  # its default port may be another cluster's
        scheduler = LocalCluster(n_workers=0, host="127.0.0.1", scheduler_kwargs=http)  # type: ignore[no-untyped-call]
        with scheduler, Client(scheduler, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            crew = _Crew(scheduler.scheduler_address, Path(folder), project, count)
            try:
                crew.hire()
                with suppress(TimeoutError):  # later ones join then
                    client.wait_for_workers(count, timeout=JOIN_SECONDS)
                yield client, crew
            finally:
                crew.dismiss()


@dataclass
class _Crew:
    """The worker processes of one command's cluster."""

    address: str
    folder: Path
    project: Path
    count: int
    working: list[subprocess.Popen[bytes]] = field(default_factory=list)
    lost: int = 0

    def hire(self) -> None:
        """Start as many as are missing."""
        while len(self.working) < self.count:
            self.working.append(self._start())

    def tend(self) -> None:
        """Replace the workers that died. Raises StepFailed where they do nothing but die."""
        dead = [one for one in self.working if one.poll() is not None]
        self.lost += len(dead)
        if self.lost > 20 * self.count:
            raise StepFailed(f"Dask's workers die again and again; the last by {dead[-1].returncode}.", self._advice())
        self.working = [one for one in self.working if one not in dead]
        self.hire()

    def dismiss(self) -> None:
        """End them at once: what they made is in the store."""
        for one in self.working:
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
        for one in self.working:
            one.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        log = self._log()
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "runner.schedule.dask_worker", self.address, str(self.folder)]
        with log.open("ab") as said:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                # Its death with its parent begins once it runs; until then the keeper sees to it.
                env=environment(None, keeper.mark("dask")),
                start_new_session=True,  # Ctrl-C goes to the command alone
            )

    def _log(self) -> Path:
        return self.project / "artifacts" / ".logs" / "dask-worker.log"

    def _advice(self) -> str:
        return f"Read {self._log()}; schedule=inline does without them."
