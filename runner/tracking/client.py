"""Tracking from the runner's side: a worker that imports MLflow while the spec is composed and planned."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from runner.core.errors import RunnerError, StepFailed
from runner.results.records import Record
from runner.transport.device import HERE
from runner.transport.endpoint import WorkerOptions
from runner.transport.local import Worker

SECONDS = 300.0
SLOWEST = 1e6  # bytes a second at which a model's files are sent
STORE = "runner.tracking.worker"


class Tracker:
    """The worker of one command's tracking: it imports MLflow while specs are planned and measured processes load, and
    stands still while anything is timed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._log = root / "mlruns" / ".tracking.log"
        self._stack = ExitStack()
        self._store: _Assistant | None = None

    def __enter__(self) -> Tracker:
        return self

    def __exit__(self, *error: object) -> None:
        if self._store:
            self._store.leave()
        self._stack.close()
        self._tidy()

    def _tidy(self) -> None:
        """Leave nothing behind where nothing was done or said: a bad spec makes no folder."""
        if self._log.is_file() and not self._log.stat().st_size:
            with suppress(OSError):  # the folder holds more, or can't be written
                self._log.unlink()
                self._log.parent.rmdir()

    def start(self) -> None:
        """Start the worker that imports MLflow; returns at once."""
        self._store = self._stack.enter_context(_Assistant(self._log, STORE, "load", root=str(self.root)))

    def open_store(self) -> None:
        """Let it open its store, now that there will be something to keep; returns at once."""
        if self._store:
            self._store.go_on()

    @contextmanager
    def still(self) -> Iterator[None]:
        """The worker takes no processor time inside: stopped while it imports, asleep once it has."""
        with self._store.still() if self._store else nullcontext():
            yield

    def publish(self, record: Record) -> dict[str, Any]:
        """Log the record, with its files. Raises RunnerError where that can't be done: the record stays."""
        from runner.tracking import model_files  # dozens of dataclasses, needed once there is a record

        model = model_files.of_record(self.root, record.result)
        seconds = SECONDS + (model.size / SLOWEST if model else 0.0)
        answer: dict[str, Any] = self._asked("publish", seconds, record=str(record.folder))
        return {**answer, "model": model.text if model else ""}

    def publish_page(self, sweep: str, folder: Path, tags: Mapping[str, str]) -> str:
        """Log the files in `folder`, a sweep's page and table; the id of their run. Raises RunnerError."""
        answer: dict[str, str] = self._asked("publish_page", SECONDS, sweep=sweep, folder=str(folder), tags=tags)
        return answer["run_id"]

    def _asked(self, function: str, seconds: float, **arguments: Any) -> Any:
        assert self._store is not None, "start() comes first"
        return self._store.ask(function, seconds, root=str(self.root), **arguments)


class _Assistant:
    """A worker that first prepares itself, and is asked afterwards. Where it has something to `load`, it does that at
    once, and prepares itself when it is told to go on, or is asked."""

    def __init__(self, log: Path, module: str, load: str = "", **arguments: str) -> None:
        self._module = module
        self._load = load
        self._problem: RunnerError | None = None
        self._wanted, self._left = threading.Event(), False
        # The worker is opened by this thread, which lives on: a worker dies with the thread that opened it.
        self._worker: Worker = HERE.open_worker(log, WorkerOptions("tracking"), os.environ)
        self._start = threading.Thread(target=self._prepare, kwargs=arguments, daemon=True)
        self._start.start()

    def __enter__(self) -> _Assistant:
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()
        self._worker.close()
        self._start.join()

    def leave(self) -> None:
        """End, without waiting for it: `__exit__` does."""
        self._left = True
        self._wanted.set()
        self._worker.interrupt()

    def go_on(self) -> None:
        """Prepare yourself, once all is loaded."""
        self._wanted.set()

    def _prepare(self, **arguments: str) -> None:
        try:
            if self._load:
                self._call(self._load, arguments)
                self._wanted.wait()
            if not self._left:
                self._call("prepare", arguments)
        except RunnerError as error:
            self._problem = error
        except (OSError, ValueError) as error:  # the command ended, and closed the worker, before it was asked
            self._problem = StepFailed(f"The tracking worker was closed: {error}.")

    def ask(self, function: str, seconds: float, **arguments: Any) -> Any:
        """What `function` of the worker's module returns, once it is prepared. Raises what the worker raised."""
        self.go_on()
        self._start.join()
        if self._problem:
            raise self._problem
        return self._call(function, arguments, seconds)

    def _call(self, function: str, arguments: dict[str, Any], seconds: float = SECONDS) -> Any:
        return self._worker.ask("call", timeout=seconds, module=self._module, function=function, arguments=arguments)

    @contextmanager
    def still(self) -> Iterator[None]:
        """The worker takes no processor time inside."""
        with self._worker.still() if self._start.is_alive() else nullcontext():
            yield
