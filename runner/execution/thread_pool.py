"""Steps side by side on this machine: threads of this process, each with worker processes of its own.

Workers are asked over pipes: nothing listens anywhere. All of them have ended when `make_steps` returns, so that
nothing of ours runs while anything is measured.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from runner.artifacts.store import Artifact
from runner.core.progress import Display
from runner.core.unexpected import attempt
from runner.execution import critical_path, run_step
from runner.execution.cpu_count import cores
from runner.execution.graph_executor import Makers, execute
from runner.execution.step_workers import StepWorkers
from runner.planning.graph import Node
from runner.planning.requirements import Outcome
from runner.spec.schema import Limits

JOIN_SECONDS = 5.0  # for a thread whose worker was killed to tidy up; one that waits for another command is left


def make_steps(
    todo: Sequence[Node],
    there: Mapping[str, Outcome],
    project: Path,
    limits: Limits,
    display: Display,
    workers: int | None,
) -> dict[str, Outcome]:
    """Make the nodes of `todo`, inputs first; `there` has what they need beside each other. Goes on past a failure.

    At most `workers` steps run at once; None: one a core.
    """
    count = min(workers or cores(), len(todo))
    ranks = critical_path.ranks(todo, critical_path.seconds(todo, project))
    with _opened(count, project, limits) as pool:
        return execute(todo, there, Makers(pool.start, lambda: pool.next(display), count), ranks, display)


@dataclass(frozen=True)
class _Job:
    """A step that is to be made."""

    node: Node
    inputs: Mapping[str, Artifact]


@dataclass(frozen=True)
class _Ended:
    """What became of a step."""

    node: Node
    outcome: Outcome


@dataclass(frozen=True)
class _Pool:
    """What is to do (None ends a thread), and what the threads tell: lines of the display, and steps that ended."""

    project: Path
    limits: Limits
    jobs: SimpleQueue[_Job | None] = field(default_factory=SimpleQueue)
    inbox: SimpleQueue[Callable[[Display], None] | _Ended] = field(default_factory=SimpleQueue)

    def start(self, node: Node, inputs: Mapping[str, Artifact]) -> None:
        self.jobs.put(_Job(node, inputs))

    def next(self, display: Display) -> tuple[Node, Outcome]:
        """The next step that ends; shows what is told meanwhile."""
        while not isinstance(came := self.inbox.get(), _Ended):
            came(display)
        return came.node, came.outcome

    def work(self, workers: StepWorkers) -> None:
        """Make one step after the other; the body of a thread."""
        told, place = _Told(self.inbox), run_step.Workplace(workers, self.project, self.limits)
        with workers:
            while job := self.jobs.get():
                self.inbox.put(_Ended(job.node, _made(job, place, told)))


def _made(job: _Job, place: run_step.Workplace, told: Display) -> Outcome:
    return attempt(lambda: run_step.get_or_make(job.node, job.inputs, place, told))


@dataclass(frozen=True)
class _Told:
    """A display for a thread: what it is told goes to the one thread that draws."""

    inbox: SimpleQueue[Callable[[Display], None] | _Ended]

    def begin(self, item: str) -> None:
        self.inbox.put(lambda display: display.begin(item))

    def update(self, item: str, done: int, total: int, note: str) -> None:
        self.inbox.put(lambda display: display.update(item, done, total, note))

    def end(self, item: str, state: str, seconds: float, reason: str) -> None:
        self.inbox.put(lambda display: display.end(item, state, seconds, reason))

    def warn(self, text: str) -> None:
        self.inbox.put(lambda display: display.warn(text))


@contextmanager
def _opened(count: int, project: Path, limits: Limits) -> Iterator[_Pool]:
    """So many threads; at the end (Ctrl-C too) what they still do is ended at once."""
    pool = _Pool(project, limits)
    workers = [StepWorkers(project) for _ in range(count)]
    # Daemons: one that waits for another command's lock doesn't hold up the end of this one.
    threads = [threading.Thread(target=pool.work, args=(one,), name="step", daemon=True) for one in workers]
    for thread in threads:
        thread.start()
    try:
        yield pool
    finally:
        for one in workers:
            one.interrupt()
            pool.jobs.put(None)
        for thread in threads:
            thread.join(JOIN_SECONDS)
