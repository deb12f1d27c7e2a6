"""A device: a machine on which workers run and models are measured. This one, or one over ssh (`ssh.py`)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from runner.transport.devices import LOCAL
from runner.transport.local import Worker, open_worker
from runner.worker import process


class Device(Protocol):
    """What measuring asks of a machine. `name` is its address: `local`, `ssh:pi`; `remote`: it isn't this machine."""

    @property
    def name(self) -> str: ...

    @property
    def remote(self) -> bool: ...

    def open_worker(
        self, log: Path, *, name: str, threads: int | None, memory_mb: float | None, modules: Sequence[str]
    ) -> Worker:
        """A worker there that can import `modules`; what its libraries print goes to `log` here."""

    def put(self, path: Path) -> str:
        """Where a worker there finds a file or a folder of this machine."""

    def output(self, path: Path, most: int) -> AbstractContextManager[str]:
        """Where a worker there shall write what is to be `path` here, when the block is left: at most so many bytes."""

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        """What a function of ours answers there (JSON types), in none of the measured workers."""

    def pids(self, workers: Sequence[Worker]) -> tuple[int, ...]:
        """Processes of ours there: those of `workers`, and whatever serves them."""

    def cpus(self) -> Sequence[int] | None:
        """CPUs there that a worker may be kept on; None where it can't be."""

    def hardware(self) -> Mapping[str, Any]:
        """What the machine is (`runner.hardware.detect`), as plain values."""


@dataclass(frozen=True)
class Here:
    """This machine."""

    name: str = LOCAL
    remote: bool = False

    def open_worker(
        self, log: Path, *, name: str, threads: int | None, memory_mb: float | None, modules: Sequence[str]
    ) -> Worker:
        return open_worker(log, name=name, threads=threads, memory_mb=memory_mb)

    def put(self, path: Path) -> str:
        return str(path)

    def output(self, path: Path, most: int) -> AbstractContextManager[str]:
        return nullcontext(str(path))

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        return getattr(import_module(module), function)(**arguments)

    def pids(self, workers: Sequence[Worker]) -> tuple[int, ...]:
        return (os.getpid(), *(worker.pid for worker in workers))

    def cpus(self) -> Sequence[int] | None:
        return process.allowed()

    def hardware(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.call("runner.hardware.detect", "described")
        return found


HERE = Here()
