"""A worker for many tasks, some of which end their process: it is started again for the next one."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from runner.transport.device import HERE
from runner.transport.endpoint import WorkerOptions
from runner.transport.local import Worker


class RestartingWorker:
    """Functions of ours, done one after the other in a process beside this one. What ends that process ends
    one task: the next has a fresh one. For one thread (`open_worker`), in a `with`."""

    def __init__(self, log: Path, *, name: str, threads: int | None = None, memory_mb: float | None = None) -> None:
        """As of `open_worker`. Nothing is started before the first task."""
        self._log, self._name, self._threads, self._memory_mb = log, name, threads, memory_mb
        self._worker: Worker | None = None

    def call(self, module: str, function: str, *, timeout: float, **arguments: Any) -> Any:
        """What `module.function(**arguments)` returns (JSON types).

        Raises what the function raised: RunnerError classes as they are, anything else as StepFailed; StepFailed where
        it ended the process, StepTimeout after `timeout` seconds.
        """
        return self._there().ask("call", timeout=timeout, module=module, function=function, arguments=arguments)

    def _there(self) -> Worker:
        """The worker, a fresh one where there is none any more."""
        if self._worker is not None and not self._worker.alive:
            self._worker.close()
            self._worker = None
        if self._worker is None:
            self._worker = HERE.open_worker(self._log, WorkerOptions(self._name, self._threads, self._memory_mb))
        return self._worker

    def close(self) -> None:
        """End the worker; another task starts one again."""
        if self._worker is not None:
            self._worker.stop()
        self._worker = None

    def __enter__(self) -> RestartingWorker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
