"""A pair's processes, started before they are needed: the first one's while the command imports numpy, the next one's
while this one warms up. They stand still while anything is timed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from runner.measure.run import Run
from runner.measure.sides import Importing, Side, Started, cpus_of_pair, on_two_devices, opened, order, pinned
from runner.transport.local import Worker


@contextmanager
def starting(run: Run) -> Iterator[Run]:
    """`run` with the processes of the first pair started and importing their runtimes, and those of each next one when
    `begin` asks for them: whoever measures a pair takes its processes out of `started`, and what nobody took is closed.

    None of sides on two devices, of which one at a time has a process.
    """
    sides = run.sides
    if on_two_devices(sides):
        yield run
        return
    with ThreadPoolExecutor(2 * len(sides)) as threads:
        ending: list[Future[None]] = []

        def begin(number: int) -> None:
            _await(ending)
            if number < run.settings.max_pairs and all(map(_can_stand_still, sides.values())):
                _start(run, number, threads)

        try:
            _start(run, 0, threads)
            yield replace(run, begin=begin, end=lambda worker: ending.append(threads.submit(worker.close)))
        finally:
            for one in run.started.values():
                one.worker.stop()
            _await(ending)


def _can_stand_still(side: Side) -> bool:
    """Not on another machine; nor where its memory is watched, for which this process would wake while one is timed."""
    return not side.device.remote and side.memory_mb is None


def _await(ending: list[Future[None]]) -> None:
    while ending:
        ending.pop().result()


def _start(run: Run, number: int, threads: Executor) -> None:
    cpus = _cpus_of_import(run, number)
    for role in order(list(run.sides), run.seed, number):
        worker = opened(role, run.sides[role], run.folder)
        importing = threads.submit(_import, worker, run.sides[role].session, cpus, run.limit_s)
        run.started[role] = Importing(worker, importing)


def _cpus_of_import(run: Run, number: int) -> Sequence[int] | None:
    """The CPUs that a user names are all that a runtime sees. One that is drawn for processes of one thread waits:
    two imports on one CPU take twice as long."""
    return None if isinstance(run.settings.pin, str) else cpus_of_pair(run.sides, run.settings, run.seed, number)


def _import(worker: Worker, session: str, cpus: Sequence[int] | None, limit_s: float) -> None:
    pinned(worker, cpus, limit_s)
    where, asked = "runner.worker.process", {"module": session}
    worker.ask("call", timeout=limit_s, module=where, function="imports", arguments=asked)


@contextmanager
def still(started: Started) -> Iterator[None]:
    """Processes that were started for the next pair take no processor time inside."""
    with ExitStack() as stack:
        for one in started.values():
            stack.enter_context(one.worker.still())
        yield
