"""Tracking from the runner's side: a worker that imports MLflow while the spec is composed and planned."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from runner.endpoints.local import Worker, open_worker
from runner.errors import RunnerError, StepFailed
from runner.records import Record

SECONDS = 300.0
MODULE = "runner.tracking.worker"


class Tracker:
    """One tracking worker for one command. It imports while planning and while measured processes load, and stands
    still while anything is timed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._log = root / "mlruns" / ".tracking.log"
        self.problem: RunnerError | None = None
        self._worker: Worker | None = None
        self._start: threading.Thread | None = None

    def __enter__(self) -> Tracker:
        return self

    def __exit__(self, *error: object) -> None:
        if self._worker:
            self._worker.close()
        if self._start:
            self._start.join()
        self._tidy()

    def _tidy(self) -> None:
        """Leave nothing behind where nothing was done or said: a bad spec makes no folder."""
        if self._log.is_file() and not self._log.stat().st_size:
            with suppress(OSError):  # the folder holds more, or can't be written
                self._log.unlink()
                self._log.parent.rmdir()

    def start(self) -> None:
        """Start the worker and let it import; returns at once."""
        self._worker = open_worker(self._log, name="tracking")
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

    @contextmanager
    def still(self) -> Iterator[None]:
        """The worker takes no processor time inside: stopped while it imports, asleep once it has."""
        stopped = self._worker is not None and self._start is not None and self._start.is_alive()
        if stopped:
            self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            if stopped:
                self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._worker is not None
        with suppress(ProcessLookupError):
            os.killpg(self._worker.pid, number)

    def publish(self, record: Record) -> dict[str, Any]:
        """Draw the record's plot and log it. Raises RunnerError where the store can't be reached: the record stays."""
        if self._start:
            self._start.join()
        if self.problem:
            raise self.problem
        answer: dict[str, Any] = self._ask("publish", root=str(self.root), record=str(record.folder))
        return answer

    def _ask(self, function: str, **arguments: str) -> Any:
        assert self._worker is not None
        return self._worker.ask("call", timeout=SECONDS, module=MODULE, function=function, arguments=arguments)
