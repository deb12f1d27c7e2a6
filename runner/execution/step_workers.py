"""The worker processes in which steps run."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from runner.core.errors import StepFailed
from runner.planning.graph import Node
from runner.planning.place import HERE
from runner.transport.endpoint import WorkerOptions
from runner.transport.local import Worker

# For the libraries of our own steps. One number on every machine and every schedule: it changes the order of sums, and
# so the result that a key promises. Side by side, steps of one thread each fill the cores and no more.
THREADS = 1


class StepWorkers:
    """One worker shared by the steps of our own, so that torch is imported once; a fresh one for each step whose kind
    has its own worker, and for each step elsewhere.

    For one thread: a worker dies with the thread that opened it. `interrupt` alone comes from another.
    """

    def __init__(self, project: Path) -> None:
        self.project = project
        self._shared: Worker | None = None
        self._memory_mb: float | None = None
        self._working: list[Worker] = []
        self._opening = threading.Lock()
        self._interrupted = False

    def __enter__(self) -> StepWorkers:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the shared worker; the next step opens another."""
        if self._shared is not None:
            self._shared.stop()
            self._working.remove(self._shared)
        self._shared = None

    def interrupt(self) -> None:
        """End what is at work at once; no worker is opened any more."""
        with self._opening:
            self._interrupted = True
            for worker in [*self._working]:
                worker.interrupt()

    @contextmanager
    def of(
        self, node: Node, memory_mb: float | None, reads: Sequence[Path] = (), writes: Sequence[Path] = ()
    ) -> Iterator[Worker]:
        """A worker for this node that may hold `memory_mb`, and needs these folders. Raises StepFailed after
        `interrupt`."""
        if node.kind.own_worker or node.place != HERE:
            threads = None if node.kind.own_worker else THREADS
            options = WorkerOptions(f"{node.step} {node.title}", threads, memory_mb, reads=reads, writes=writes)
            with self._open(node, options) as fresh:
                try:
                    yield fresh
                finally:
                    self._working.remove(fresh)
            return
        if self._shared is None or not self._shared.alive or self._memory_mb != memory_mb:
            self.close()
            self._shared, self._memory_mb = self._open(node, WorkerOptions("step", THREADS, memory_mb)), memory_mb
        yield self._shared

    def _open(self, node: Node, options: WorkerOptions) -> Worker:
        log = self.project / "artifacts" / ".logs" / f"{node.id}.log"
        options = replace(options, modules=(node.module, *node.modules))
        with self._opening:
            if self._interrupted:
                raise StepFailed("Interrupted.", "The same command goes on.")
            worker = node.place.endpoint().open_worker(log, options)
            self._working.append(worker)
        return worker
