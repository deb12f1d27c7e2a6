"""How a worker is reached: this interpreter, another one, a container, or a machine over ssh."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from runner.transport.local import Worker

ANSWER_SECONDS = 60.0  # for a question that is no work


class Endpoint(Protocol):
    """A place where workers run. It carries files and folders both ways, and tells which versions are there."""

    @property
    def name(self) -> str:
        """For messages and records: `local`, `python:/opt/sdk/bin/python`, `ssh:pi`."""

    def open_worker(
        self,
        log: Path,
        *,
        name: str,
        threads: int | None = None,
        memory_mb: float | None = None,
        modules: Sequence[str] = (),
    ) -> Worker:
        """A worker there that can import `modules`; what its libraries print goes to `log` here."""

    def put(self, path: Path) -> str:
        """Where a worker there finds a file or a folder of this machine."""

    def folder(self, path: Path, most: int) -> AbstractContextManager[str]:
        """An empty folder there for a worker to fill. When the block is left, `path`, an empty folder here, holds all
        of it, `most` bytes at most; nothing where the block or the way back fails."""

    def scratch(self, path: Path) -> AbstractContextManager[str]:
        """A folder there in which a worker may leave what it resumes from: `path` itself where that can be reached,
        else an empty one that lasts as long as the block."""

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        """What a function of ours answers there (JSON types), in a process that does no other work."""

    def versions(self, distributions: Iterable[str]) -> dict[str, str | None]:
        """The installed version of each distribution there, None where it is missing; asked once in a command."""

    def code(self, worker: Worker, modules: Sequence[str]) -> str:
        """The hash of the code of `modules` that `worker` runs (`code_closure.code`)."""


@contextmanager
def shared_folder(path: Path) -> Iterator[str]:
    """`Endpoint.folder` where workers see this machine's files: they write to `path` itself."""
    try:
        yield str(path)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(exist_ok=True)
        raise
