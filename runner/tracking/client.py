"""Tracking from the runner's side: a worker that imports MLflow while the spec is composed and planned."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from runner.endpoints.local import Worker, open_worker
from runner.errors import RunnerError, StepFailed
from runner.records import Record

SECONDS = 300.0
MODULE = "runner.tracking.worker"


class Tracker:
    """One tracking worker for one command. Its start overlaps with planning; it sleeps while anything is measured."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problem: RunnerError | None = None
        self.waited_s = 0.0
        self._worker: Worker | None = None
        self._start: threading.Thread | None = None

    def __enter__(self) -> Tracker:
        return self

    def __exit__(self, *error: object) -> None:
        if self._worker:
            self._worker.close()
        if self._start:
            self._start.join()

    def start(self) -> None:
        """Start the worker and let it import; returns at once."""
        self._worker = open_worker(self.root / "mlruns" / ".tracking.log", name="tracking")
        # The worker is opened by this thread, which lives on: a worker dies with the thread that opened it.
        self._start = threading.Thread(target=self._prepare, daemon=True)
        self._start.start()

    def _prepare(self) -> None:
        try:
            self._ask("prepare", root=str(self.root))
        except RunnerError as error:
            self.problem = error
        except (OSError, ValueError) as error:  # the command ended, and closed the worker, before it was asked
            self.problem = StepFailed(f"The tracking worker was closed: {error}.")

    def ready(self) -> None:
        """Wait until the worker is idle, so that it takes no processor time from a measurement."""
        if self._start:
            start = time.monotonic()
            self._start.join()
            self.waited_s += time.monotonic() - start

    def publish(self, record: Record) -> dict[str, Any]:
        """Draw the record's plot and log it. Raises RunnerError where the store can't be reached: the record stays."""
        self.ready()
        if self.problem:
            raise self.problem
        answer: dict[str, Any] = self._ask("publish", root=str(self.root), record=str(record.folder))
        return answer

    def _ask(self, function: str, **arguments: str) -> Any:
        assert self._worker is not None
        return self._worker.ask("call", timeout=SECONDS, module=MODULE, function=function, arguments=arguments)
