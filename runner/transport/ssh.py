"""A device over ssh: workers there, whose requests the system's OpenSSH client carries.

What runs there is the zipapp of `worker_zipapp.py`; it and all files travel by content, once (`ssh_transfer.py`). Each
worker has a guard beside it (`runner/worker/watchdog.py`): when the connection ends, everything of ours there ends.
"""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from runner.core.errors import RunnerError, Unavailable
from runner.transport import ssh_connection, worker_zipapp
from runner.transport.endpoint import ANSWER_SECONDS, Endpoint, WorkerOptions, own_code, travelled, versions_of
from runner.transport.local import THREAD_VARIABLES, Worker, numbers
from runner.transport.ssh_connection import Address, Master
from runner.transport.ssh_transfer import NO_CONNECTION, Delivery, lost
from runner.worker import orphan_reaper, receiver


@dataclass
class _Link:
    """What there is of one connection: `bundles` are where the zipapp lies there, by the modules that it adds and the
    hash of its code; the `observer` is a worker that measures nothing: it says what the device is, and how it fares."""

    delivery: Delivery
    bundles: dict[tuple[tuple[str, ...], str], str] = field(default_factory=dict)
    observer: Worker | None = None


def unwatched(name: str, memory_mb: float) -> Unavailable:
    """What is said of a limit that nobody holds a device to."""
    return Unavailable(
        f"limits.memory_mb={memory_mb:g}: the memory of a worker on {name} is not watched.",
        "Leave it out: limits.memory_mb=null",
    )


class Ssh:
    """The device at `address` with the interpreter `python`; connected, by `connect`, when something is first asked of
    it."""

    remote = True

    def __init__(
        self, address: Address, python: str, connect: Callable[[Address], Master] = ssh_connection.connect
    ) -> None:
        self.address = address
        self.python = python
        self.name = address.name
        self._connect = connect
        self._link: _Link | None = None
        self._cpus: Sequence[int] | None = None
        self._hardware: Mapping[str, Any] | None = None
        self._lock = threading.RLock()

    def open_worker(self, log: Path, options: WorkerOptions) -> Worker:
        if options.memory_mb is not None:
            raise unwatched(self.name, options.memory_mb)
        log = log.absolute()
        log.parent.mkdir(parents=True, exist_ok=True)
        mark, pipe = orphan_reaper.mark(next(numbers)), subprocess.PIPE
        command = self._guarded(options)
        process = self._connected().delivery.master.start(command, mark, stdin=pipe, stdout=pipe, stderr=pipe)
        own_code = partial(_own_code, self.name)
        called = (
            f"{options.name.removesuffix(where := f' on {self.name}')}{where}"  # a cell's title names its device, too
        )
        return Worker(process, called, log, mark[orphan_reaper.MARK], None, own_code)

    def put(self, path: Path) -> str:
        with self._lock:
            return self._connected().delivery.put(path)

    @contextmanager
    def output(self, path: Path, most: int) -> Iterator[str]:
        there = self._fresh(path)
        yield there
        self._connected().delivery.fetch(there, path, most)

    @contextmanager
    def folder(self, path: Path, most: int) -> Iterator[str]:
        with self.scratch(path) as there:
            yield there
            self._connected().delivery.fetch_folder(there, path, most)

    @contextmanager
    def scratch(self, path: Path) -> Iterator[str]:
        there = self._fresh(path)
        self.call("os", "mkdir", path=there)
        try:
            yield there
        finally:
            with suppress(RunnerError):  # a connection that was lost says so by itself
                self.call("shutil", "rmtree", path=there, ignore_errors=True)

    def libraries(self) -> Endpoint:
        return self

    def call(self, module: str, function: str, **arguments: Any) -> Any:
        with self._lock:
            return self._observer().ask(
                "call", timeout=ANSWER_SECONDS, module=module, function=function, arguments=arguments
            )

    versions = versions_of
    code = travelled

    def pids(self, workers: Sequence[Worker]) -> tuple[int, ...]:
        with self._lock:
            every = (*workers, self._observer())
            return tuple(_pid(worker, which) for worker in every for which in ("getpid", "getppid"))

    def cpus(self) -> Sequence[int] | None:
        if self._cpus is None:
            self._cpus = self.call("runner.worker.process", "allowed") or ()
        return self._cpus

    def hardware(self) -> Mapping[str, Any]:
        if self._hardware is None:
            self._hardware = self.call("runner.hardware.detect", "described")
        return self._hardware

    def close(self) -> None:
        """Ends the connection, and all that runs there for it; the next question opens another."""
        with self._lock:
            if self._link and self._link.observer:
                self._link.observer.stop()
            if self._link:
                self._link.delivery.master.close()
            self._link = None

    def _fresh(self, path: Path) -> str:
        """A place there where nothing is yet, for what is called as `path` is here."""
        return f"{self._bundle(()).rsplit('/', 2)[0]}/{uuid.uuid4().hex}-{path.name.lstrip('.')}"

    def _connected(self) -> _Link:
        """The connection; a new one where there is none, or it was lost."""
        with self._lock:
            if self._link is None or not self._link.delivery.master.alive:
                self.close()
                self._link = _Link(Delivery(self._connect(self.address), self.python))
            return self._link

    def connection(self) -> Path:
        """The folder of the connection, by which another process of ours can use it."""
        return self._connected().delivery.master.folder

    def _observer(self) -> Worker:
        link = self._connected()
        if link.observer is None or not link.observer.alive:
            log = receiver.home() / "logs" / f"{self.name}.log"
            link.observer = self.open_worker(log, WorkerOptions("observer"))
        return link.observer

    def _guarded(self, options: WorkerOptions) -> str:
        """What the login shell there becomes: the guard of a worker."""
        limits = [f"{one}={options.threads}" for one in THREAD_VARIABLES]
        variables = [] if options.threads is None else ["env", *limits]
        arguments = map(shlex.quote, (self._bundle(options.modules), "guard", "--name", options.name))
        return " ".join(["exec", *variables, self._connected().delivery.interpreter(), *arguments])

    def _bundle(self, modules: Sequence[str]) -> str:
        """Where the zipapp with the sessions `modules` lies there."""
        with self._lock, tempfile.TemporaryDirectory(dir=orphan_reaper.folder()) as folder:
            link, wanted = self._connected(), (tuple(modules), worker_zipapp.code(modules))
            if wanted not in link.bundles:
                link.bundles[wanted] = self.put(worker_zipapp.write(Path(folder), modules))
            return link.bundles[wanted]


def _pid(worker: Worker, which: str) -> int:
    found: int = worker.ask("call", timeout=ANSWER_SECONDS, module="os", function=which)
    return found


def _own_code(device: str, code: int, do: str) -> int:
    """The worker's own exit code, from the client's."""
    if code == NO_CONNECTION:
        raise lost(device, f"its worker did `{do}`")
    return own_code(code, do)
