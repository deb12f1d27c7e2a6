"""What tests of the contract share: what a backend makes of a case, and the processes in which that is made and runs.

A process takes seconds to import a library, and a toolchain tens of them: each is opened once, and does for many cases
what the runner does for one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt

from runner.testing import models
from runner.testing.cases import Cases
from runner.testing.models import Compiled
from runner.testing.stages import Open
from runner.transport.local import Worker, open_worker


@dataclass(frozen=True)
class Shared:
    """`folder` takes all files. `made` is what was compiled, by what was asked for; `processes` are those that wait."""

    folder: Path
    cases: Cases
    made: dict[tuple[Any, ...], Compiled] = field(default_factory=dict)
    processes: dict[str, Worker] = field(default_factory=dict)


@contextmanager
def sharing(folder: Path, cases: Cases) -> Iterator[Shared]:
    """Its processes end with it."""
    shared = Shared(folder, cases)
    try:
        yield shared
    finally:
        for worker in shared.processes.values():
            worker.close()


@contextmanager
def process(shared: Shared, name: str, opens: Open) -> Iterator[Worker]:
    """The process of that name, which `opens` makes where there is none, or it has ended."""
    worker = shared.processes.pop(name, None) or opens()
    try:
        yield worker
    finally:
        if worker.alive:
            shared.processes[name] = worker
        else:
            worker.close()


def compiled(shared: Shared, backend: str, case: str, batch: int, precision: str, **changed: Any) -> Compiled:
    """What the backend makes of the case, `changed` are settings of it. Others use it, too: change nothing of it."""
    asked = (backend, case, batch, precision, *sorted(changed.items()))
    if asked not in shared.made:
        about = (shared.folder / case, backend, shared.cases[case], batch, precision)
        shared.made[asked] = models.compiled(*about, opened=partial(process, shared), **changed)
    return shared.made[asked]


def copied(made: Compiled, folder: Path) -> Compiled:
    """The same in a folder of one's own, to be changed."""
    return replace(made, out=shutil.copytree(made.out, folder))


def running(shared: Shared, made: Compiled, what: str = "sound") -> AbstractContextManager[Worker]:
    """The process in which all that a backend compiled is run, of files that are `what`."""
    name = f"{made.meta['session']} of {what} files"
    return process(shared, name, partial(open_worker, shared.folder / "log", name=name))


def answered(shared: Shared, made: Compiled, batch: int = 1, what: str = "sound") -> dict[str, npt.NDArray[Any]]:
    """What it answers to the test split, by output."""
    with running(shared, made, what) as worker:
        return models.answered(worker, made, shared.folder, batch)
