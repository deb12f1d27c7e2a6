"""A device: a machine on which workers run and models are measured. This one, or one over ssh (`ssh.py`)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from runner.core import installed
from runner.spec.hardware import LOCAL
from runner.transport.endpoint import (
    ANSWER_SECONDS,
    Endpoint,
    WorkerOptions,
    on_this_disk,
    shared_folder,
    shared_scratch,
)
from runner.transport.local import Worker, open_worker
from runner.worker import process


class Device(Endpoint, Protocol):
    """An endpoint on which models are measured: it has CPUs, hardware, conditions. `name` is its address: `local`,
    `ssh:pi`; `remote`: it isn't this machine."""

    @property
    def remote(self) -> bool: ...

    def libraries(self) -> Endpoint:
        """Whose libraries its sessions use: its own, unless another interpreter of the machine runs them."""

    def output(self, path: Path, most: int) -> AbstractContextManager[str]:
        """Where a worker there shall write what is to be `path` here, when the block is left: at most so many bytes."""

    def pids(self, workers: Sequence[Worker]) -> tuple[int, ...]:
        """Processes of ours there: those of `workers`, and whatever serves them."""

    def cpus(self) -> Sequence[int] | None:
        """CPUs there that a worker may be kept on; None where it can't be."""

    def hardware(self) -> Mapping[str, Any]:
        """What the machine is (`runner.hardware.detect`), as plain values."""

    def close(self) -> None:
        """Ends the connection to it, and all that runs there for it; the next question opens another."""


@dataclass(frozen=True)
class Here:
    """This machine, and this interpreter."""

    name: str = LOCAL
    remote: bool = False

    def open_worker(self, log: Path, options: WorkerOptions, env: Mapping[str, str] | None = None) -> Worker:
        """`env` is added to what a worker gets of the environment (`runner/worker/variables.py`)."""
        return open_worker(log, name=options.name, threads=options.threads, memory_mb=options.memory_mb, env=env)

    put = on_this_disk
    folder = shared_folder
    scratch = shared_scratch

    def libraries(self) -> Endpoint:
        return self

    def output(self, path: Path, most: int) -> AbstractContextManager[str]:
        return nullcontext(str(path))

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        return getattr(import_module(module), function)(**arguments)

    def versions(self, distributions: Iterable[str]) -> dict[str, str | None]:
        return installed.versions(distributions)

    def code(self, worker: Worker, modules: Sequence[str]) -> str:
        """It read the files that lie there now, or lay there when it first imported them."""
        module, arguments = "runner.artifacts.code_closure", {"modules": list(modules)}
        found: str = worker.ask("call", timeout=ANSWER_SECONDS, module=module, function="imported", arguments=arguments)
        return found

    def pids(self, workers: Sequence[Worker]) -> tuple[int, ...]:
        return (os.getpid(), *(worker.pid for worker in workers))

    def cpus(self) -> Sequence[int] | None:
        return process.allowed()

    def hardware(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.call("runner.hardware.detect", "described")
        return found

    def close(self) -> None:
        """There is no connection."""


HERE = Here()
