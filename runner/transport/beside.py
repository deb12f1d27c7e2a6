"""This machine, measured by the interpreter of an environment of its own: another release of a runtime."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.spec.hardware import LOCAL
from runner.transport import endpoint
from runner.transport.device import HERE
from runner.transport.endpoint import Endpoint, WorkerOptions
from runner.transport.interpreter import Interpreter
from runner.transport.local import Worker


@dataclass(frozen=True)
class Beside:
    """The machine is this one, and so are its CPUs, conditions and lock; sessions run in the interpreter `python`."""

    python: str
    name: str = LOCAL
    remote: bool = False

    def libraries(self) -> Endpoint:
        return Interpreter(self.python)

    def open_worker(self, log: Path, options: WorkerOptions) -> Worker:
        return self.libraries().open_worker(log, options)

    def versions(self, distributions: Iterable[str]) -> dict[str, str | None]:
        return self.libraries().versions(distributions)

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        """What the machine is, and how it fares: asked between bursts, so of no process that would have to start."""
        return HERE.call(module, function, **arguments)

    put = endpoint.on_this_disk
    folder = endpoint.shared_folder
    scratch = endpoint.shared_scratch
    code = endpoint.travelled

    def output(self, path: Path, most: int) -> AbstractContextManager[str]:
        return HERE.output(path, most)

    def pids(self, workers: Sequence[Worker]) -> tuple[int, ...]:
        return HERE.pids(workers)

    def cpus(self) -> Sequence[int] | None:
        return HERE.cpus()

    def hardware(self) -> Mapping[str, Any]:
        return HERE.hardware()

    def close(self) -> None:
        """There is no connection."""
