"""How a worker is reached: this interpreter, another one, a container, or a machine over ssh."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from runner.transport import worker_zipapp
from runner.transport.local import Worker
from runner.worker import orphan_reaper

ANSWER_SECONDS = 60.0  # for a question that is no work


@dataclass(frozen=True)
class WorkerOptions:
    """What a worker is to be. `name`, `threads` and `memory_mb` are as in `local.open_worker`; it can import `modules`.
    `reads` and `writes` are the folders of this machine that it needs: one that is shut off sees no others."""

    name: str
    threads: int | None = None
    memory_mb: float | None = None
    modules: Sequence[str] = ()
    reads: Sequence[Path] = ()
    writes: Sequence[Path] = ()


class Endpoint(Protocol):
    """A place where workers run. It carries files and folders both ways, and tells which versions are there."""

    @property
    def name(self) -> str:
        """For messages and records: `local`, `python:/opt/sdk/bin/python`, `ssh:pi`."""

    def open_worker(self, log: Path, options: WorkerOptions) -> Worker:
        """A worker there; what its libraries print goes to `log` here."""

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

    def __hash__(self) -> int: ...

    def code(self, worker: Worker, modules: Sequence[str]) -> str:
        """The hash of the code of `modules` that `worker` runs (`code_closure.code`)."""


# Methods of endpoints, where several do the same.


def called(endpoint: Endpoint, module: str, function: str, **arguments: Any) -> Any:
    """`Endpoint.call` in a worker that is opened for it."""
    with (
        tempfile.TemporaryDirectory(dir=orphan_reaper.folder()) as folder,
        endpoint.open_worker(Path(folder) / "log", WorkerOptions(endpoint.name, modules=(module,))) as worker,
    ):
        return worker.ask("call", timeout=ANSWER_SECONDS, module=module, function=function, arguments=arguments)


def versions_of(endpoint: Endpoint, distributions: Iterable[str]) -> dict[str, str | None]:
    """`Endpoint.versions` by a call, which is made once for the same distributions."""
    return dict(_versions(endpoint, tuple(distributions)))


@cache
def _versions(endpoint: Endpoint, distributions: tuple[str, ...]) -> dict[str, str | None]:
    asked = {"distributions": list(distributions)}
    found: dict[str, str | None] = endpoint.call("runner.core.installed", "versions", **asked)
    return found


def on_this_disk(endpoint: Endpoint, path: Path) -> str:
    """`Endpoint.put` where workers see this machine's files."""
    return str(path)


def shared_scratch(endpoint: Endpoint, path: Path) -> AbstractContextManager[str]:
    """`Endpoint.scratch` where workers see this machine's files."""
    return nullcontext(str(path))


@contextmanager
def shared_folder(endpoint: Endpoint, path: Path, most: int) -> Iterator[str]:
    """`Endpoint.folder` where workers see this machine's files: they write to `path` itself."""
    try:
        yield str(path)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(exist_ok=True)
        raise


def travelled(endpoint: Endpoint, worker: Worker, modules: Sequence[str]) -> str:
    """`Endpoint.code` where workers run the zipapp."""
    return worker_zipapp.packed(modules)


def own_code(code: int, do: str) -> int:
    """The worker's own exit code, from its guard's, which tells signals as shells do (`local.Carried`)."""
    return 128 - code if code > 128 else code
