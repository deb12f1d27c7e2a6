"""Trials of tuning: a kernel may crash, so each is timed in a worker of its own, not in the one that tunes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.core.errors import StepFailed, StepTimeout
from runner.transport.local import Worker, open_worker

SECONDS = 20.0  # for one kernel
ENTRY = "main"

Arguments = Sequence[tuple[str, Sequence[int]]]  # element type and sizes of each


class Trials:
    """A worker that times kernels; the next one after a kernel that ended it or took too long."""

    def __init__(self, threads: int, log: Path) -> None:
        self._threads, self._log = threads, log
        self._worker: Worker | None = None

    def timed(self, path: str, arguments: Arguments) -> list[float] | str:
        """Seconds of a run, or why there are none."""
        if self._worker is None:
            self._worker = open_worker(self._log, name="tvm trial", env={"TVM_NUM_THREADS": str(self._threads)})
        given = {"path": path, "name": ENTRY, "arguments": arguments}
        module, function = "runner.backends.tvm.session", "kernel_seconds"
        try:
            found: list[float] = self._worker.ask(
                "call", timeout=SECONDS, module=module, function=function, arguments=given
            )
        except (StepFailed, StepTimeout) as error:
            if not self._worker.alive:
                self.close()
            return error.reason
        return found

    def close(self) -> None:
        """Ends the worker."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()


def arguments_of(given: Any) -> Arguments:
    """What MetaSchedule says of a kernel's arguments, plainly."""
    return [(str(dtype), tuple(map(int, shape))) for _, dtype, shape in (one.as_json() for one in given)]
