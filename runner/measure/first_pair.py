"""The first pair's processes, started before they are needed: without numpy, which the command imports meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from runner.measure.run import Run
from runner.measure.sides import Importing, cpus_of_pair, opened, order, pinned
from runner.transport.local import Worker


@contextmanager
def starting(run: Run) -> Iterator[None]:
    """The processes of the first pair, started, pinned and importing their runtimes: whoever measures it takes them out
    of `run.started`, and what nobody took is closed.

    None of sides on two devices, of which one at a time has a process.
    """
    sides, first = run.sides, order(list(run.sides), run.seed, 0)
    if len({side.device.name for side in sides.values()}) > 1:
        yield
        return
    cpus = cpus_of_pair(sides, run.settings, run.seed, 0)
    with ThreadPoolExecutor(len(sides)) as threads:
        try:
            for role in first:
                worker = opened(role, sides[role], run.folder, run.sampler)
                importing = threads.submit(_import, worker, sides[role].session, cpus, run.limit_s)
                run.started[role] = Importing(worker, importing)
            yield
        finally:
            for one in run.started.values():
                one.worker.stop()


def _import(worker: Worker, session: str, cpus: Sequence[int] | None, limit_s: float) -> None:
    pinned(worker, cpus, limit_s)
    where, asked = "runner.worker.process", {"module": session}
    worker.ask("call", timeout=limit_s, module=where, function="imports", arguments=asked)
