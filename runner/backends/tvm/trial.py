"""Trials of tuning: a kernel may crash, so it is timed by a worker on the device, not by the one that tunes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.core import forms
from runner.core.errors import RunnerError, StepFailed, StepTimeout, WorkerLost
from runner.transport import lent
from runner.transport.endpoint import WorkerOptions
from runner.transport.local import Worker

SECONDS = 20.0  # for one kernel
OPEN_SECONDS = 120.0  # for a worker to import the runtime
ENTRY = "main"
SESSION = "runner.backends.tvm.session"
TIMES = forms.each(forms.number(0, 1e6), 1, 100)  # seconds; whatever else a device answers is no trial

Arguments = Sequence[tuple[str, Sequence[int]]]  # element type and sizes of each


class Trials:
    """A worker on the device that times kernels; the next one after a kernel that ended it or took too long. `device`
    is how it is reached (`Job.device`); `lost` is why nothing is timed there any more, `failed` what was last said of a
    kernel without a time."""

    def __init__(self, device: Mapping[str, Any] | None, threads: int, log: Path) -> None:
        self._device, self._threads, self._log = lent.taken(device), threads, log
        self._worker: Worker | None = None
        self.lost: RunnerError | None = None
        self.failed = ""

    @property
    def where(self) -> str:
        """The device's name: `local`, `ssh:pi`."""
        return self._device.name

    def timed(self, path: str, arguments: Arguments) -> list[float] | str:
        """Seconds of a run of the library `path`, or why there are none: it crashed, took too long, or is none.

        Raises what keeps the device from timing anything.
        """
        try:
            content = base64.b64encode(Path(path).read_bytes()).decode()
            found = self._asked(library=content, name=ENTRY, arguments=arguments, threads=self._threads)
        except RunnerError as error:
            self.lost = error
            raise
        self.failed = found if isinstance(found, str) else self.failed
        return found

    def _asked(self, **given: Any) -> list[float] | str:
        worker = self._opened()
        try:
            found = _answer(worker, "kernel_seconds", SECONDS, given)
        except (StepFailed, StepTimeout) as error:
            if not worker.alive:
                self.close()
            if isinstance(error, WorkerLost):
                self._opened()  # where the connection is lost, the kernel isn't to blame
            return error.reason
        fault = TIMES(found, ())
        return f"{worker.name}: its times can't be right: {fault.what}" if fault else list(found)

    def _opened(self) -> Worker:
        """The worker, which has the runtime loaded."""
        if self._worker is None:
            self._worker = self._device.open_worker(self._log, WorkerOptions("tvm trial", modules=(SESSION,)))
            _answer(self._worker, "ready", OPEN_SECONDS, {})
        return self._worker

    def close(self) -> None:
        """Ends the worker."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()


def _answer(worker: Worker, function: str, seconds: float, arguments: Mapping[str, Any]) -> Any:
    return worker.ask("call", timeout=seconds, module=SESSION, function=function, arguments=arguments)


def arguments_of(given: Any) -> Arguments:
    """What MetaSchedule says of a kernel's arguments, plainly."""
    return [(str(dtype), tuple(map(int, shape))) for _, dtype, shape in (one.as_json() for one in given)]
