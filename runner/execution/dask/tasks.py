"""What a Dask worker does for one step. The step itself runs in a process of its own: it may crash, Dask's may not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import get_client, get_worker
from distributed.utils import sync

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.core import project_paths as projects
from runner.core.unexpected import attempt
from runner.execution import device_locks, run_step
from runner.execution.dask import transfer, version_check
from runner.execution.dask.transfer import Held
from runner.execution.record_builder import drafted
from runner.execution.record_identity import Origin
from runner.execution.step_workers import StepWorkers
from runner.planning.graph import Cell, Node
from runner.planning.requirements import Lost
from runner.spec.schema import Limits


@dataclass(frozen=True)
class Task:
    """One step for a Dask worker, whose store lies below the folder in which it was started. `runner` is the command's
    identity, `topic` where it listens."""

    node: Node
    inputs: dict[str, Held]
    limits: Limits
    runner: str
    topic: str


@dataclass(frozen=True)
class Done:
    """What became of a task, a RunnerError where it failed; small, since it travels: of a step where its artifact lies.
    `said` are the display's lines that belong to the end."""

    result: Any
    said: list[tuple[str, tuple[Any, ...]]]


@dataclass
class Events:
    """A display at the worker's end: what starts and how far it is goes to the command at once, the rest at the end.

    That a step begins is with the scheduler before it does: the command counts by it how often a step was begun, and
    the step may kill this process in its first instant.
    """

    topic: str
    said: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def begin(self, item: str) -> None:
        worker = get_worker()
        sync(worker.loop, worker.scheduler.log_event, topic=self.topic, msg={"do": "begin", "arguments": [item]})

    def update(self, item: str, done: int, total: int, note: str) -> None:
        get_worker().log_event(self.topic, {"do": "update", "arguments": [item, done, total, note]})

    def end(self, item: str, state: str, seconds: float, reason: str) -> None:
        self.said.append(("end", (item, state, seconds, reason)))

    def warn(self, text: str) -> None:
        self.said.append(("warn", (text,)))


def make(task: Task) -> Done:
    """Make the task's artifact where the worker's store lacks it. Errors that a user can mend are results too."""
    events = Events(task.topic)
    return Done(attempt(lambda: _made(task, projects.root(), events)), events.said)


def _made(task: Task, project: Path, events: Events) -> Held:
    _check_same(task.runner)
    version_check.check_tools(task.node)
    inputs = {role: _input(one, project) for role, one in task.inputs.items()}
    with _step_workers(project) as workers:
        place = run_step.Workplace(workers, project, task.limits)
        made = run_step.get_or_make(task.node, inputs, place, events)
    return transfer.held(made, get_worker().address)


def _check_same(runner: str) -> None:
    """A worker may have joined the cluster after the command had asked all of them."""
    if runner != version_check.here():
        raise version_check.different(f"the worker {get_worker().address}", version_check.here(), runner)


def receive(sent: Held, files: dict[str, list[bytes]]) -> Done:
    """Keep an artifact that the command sent in the worker's own store."""
    return Done(attempt(lambda: _received(sent, files)), [])


def _received(sent: Held, files: dict[str, list[bytes]]) -> Held:
    artifact = transfer.adopt(projects.root(), sent, lambda name: iter(files[name]))
    return transfer.held(artifact, get_worker().address)


def _input(wanted: Held, project: Path) -> Artifact:
    """An input from the worker's own store, pulled from the worker that has it where it isn't there."""
    if wanted.worker is not None and wanted.worker != get_worker().address:
        return pull(get_client(), wanted, project)
    found = store.sound(project, wanted.step, wanted.key, lambda text: None)
    if found is None:
        raise Lost(f"{wanted.step} {wanted.key[:16]} has disappeared.")
    return found


def pull(client: Any, wanted: Held, project: Path) -> Artifact:
    """`wanted` in the store of `project`, copied from the worker that has it. Raises Lost where that has gone."""

    gone = f"{wanted.worker}, which has {wanted.step} {wanted.key[:16]}, has gone"
    if wanted.worker not in client.scheduler_info()["workers"]:
        raise Lost(f"{gone}.")

    def ask(name: str, offset: int) -> bytes:
        try:
            answers = client.run(piece, wanted.step, wanted.key, name, offset, workers=[wanted.worker])
            return bytes(answers[wanted.worker])
        except (OSError, ValueError, KeyError) as error:
            raise Lost(f"{gone}: {error}.") from error

    return transfer.adopt(project, wanted, lambda name: transfer.pieces(ask, name))


def piece(step: str, key: str, name: str, offset: int) -> bytes:
    """A piece of a file of an artifact in this worker's own store."""
    return transfer.piece(store.place(projects.root(), step, key), name, offset)


async def stored(wanted: list[tuple[str, str]], dask_worker: Any) -> list[Held]:
    """Which of the artifacts (step, key) this worker's own store has. Damaged ones are set aside there."""

    def look() -> list[Held]:
        found = (store.sound(projects.root(), step, key, lambda text: None) for step, key in wanted)
        return [transfer.held(artifact, dask_worker.address) for artifact in found if artifact]

    return await asyncio.to_thread(look)  # hashing takes time, in which the worker must answer its scheduler


@dataclass(frozen=True)
class Measuring:
    """One cell for the Dask worker that owns its device; `held` says where its artifacts lie."""

    cell: Cell
    held: list[Held]
    origin: Origin
    runner: str
    topic: str


@dataclass(frozen=True)
class Drafted:
    """A record to be: its content and its files."""

    content: dict[str, Any]
    files: dict[str, bytes]


def measure(task: Measuring) -> Done:
    """Measure a cell on this worker's machine, alone; what its artifacts lack here is pulled first."""
    events = Events(task.topic)
    return Done(attempt(lambda: _measured(task, projects.root(), events)), events.said)


def _measured(task: Measuring, root: Path, events: Events) -> Drafted:
    _check_same(task.runner)
    found = {one.key: _input(one, root) for one in task.held}
    close_idle_workers()
    with (
        device_locks.locked(task.cell, events.warn),
        drafted(task.cell, found, root, nullcontext, task.origin, events) as (content, files),
    ):
        return Drafted(content, {name: path.read_bytes() for name, path in files.items()})


@dataclass
class _Slot:
    """The step workers of one of the Dask worker's threads; its lock is held while a step runs."""

    workers: StepWorkers
    lock: threading.Lock = field(default_factory=threading.Lock)


_slots: dict[tuple[int, Path], _Slot] = {}


@contextmanager
def _step_workers(project: Path) -> Iterator[StepWorkers]:
    """This thread's step workers: they live on, so that torch is imported once a Dask worker."""
    slot = _slots.setdefault((threading.get_ident(), project), _Slot(StepWorkers(project)))
    with slot.lock:
        yield slot.workers


def close_idle_workers() -> None:
    """End the step workers that have nothing to do: the command that needed them is through."""
    for slot in list(_slots.values()):
        if slot.lock.acquire(blocking=False):
            try:
                slot.workers.close()
            finally:
                slot.lock.release()
