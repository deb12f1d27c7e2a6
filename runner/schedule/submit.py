"""The command's end of Dask: steps handed out as they become ready, and what is heard of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from distributed import Client, Future, KilledWorker

from runner.errors import RunnerError, StepFailed
from runner.plan import Node
from runner.report.progress import Display
from runner.schedule import identity
from runner.schedule.flow import follow
from runner.schedule.task import Done, Task, make
from runner.schedule.transfer import Held
from runner.spec import Limits

TEND_SECONDS = 1.0  # between two looks at the workers, while nothing is heard


@dataclass(frozen=True)
class Terms:
    """How steps are handed out. `project` is the store that all workers share, None where each has its own; `window`
    how many are out at once; `needs` the Dask resources of a step; `tend` is called while nothing is heard, and raises
    where nothing will be."""

    limits: Limits
    project: Path | None
    window: int
    tend: Callable[[], None]
    needs: Callable[[Node], dict[str, float]] = lambda node: {}


def perform(
    client: Client,
    todo: Sequence[Node],
    known: Mapping[str, Held | RunnerError],
    ranks: Mapping[str, float],
    terms: Terms,
    display: Display,
) -> dict[str, Held | RunnerError]:
    """What became of the nodes of `todo` (inputs first), by key; `known` has the inputs that are there."""
    nodes = {node.id: node for node in todo}
    with listening(client, display) as desk:

        def start(node: Node, inputs: Mapping[str, Held]) -> None:
            task = Task(node, dict(inputs), terms.limits, terms.project, identity.here(), desk.topic)
            order = {"key": node.id, "priority": ranks[node.key], "resources": terms.needs(node) or None}
            desk.hand_out(node.id, f"{node.step} {node.title}", client.submit(make, task, **order))

        def ended() -> tuple[Node, Held | RunnerError]:
            item, result = desk.next(terms.tend)
            return nodes[item], result

        return follow(todo, known, start, ended, terms.window, ranks, display)


@dataclass
class Desk:
    """What is out, and what comes in: events and ended tasks, from Dask's threads to the one that draws."""

    topic: str
    display: Display
    out: dict[str, tuple[str, Future[Done]]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    inbox: SimpleQueue[Any] = field(default_factory=SimpleQueue)

    def hand_out(self, item: str, title: str, future: Future[Done]) -> None:
        """`item` is the display's name of what the future does, `title` what messages call it."""
        self.out[item] = (title, future)
        future.add_done_callback(lambda ended: self.inbox.put(item))  # type: ignore[no-untyped-call]

    def next(self, tend: Callable[[], None]) -> tuple[str, Any]:
        """The next item that ends, and its result or error; shows what is heard meanwhile."""
        while True:
            try:
                came = self.inbox.get(timeout=TEND_SECONDS)
            except Empty:
                tend()
                continue
            if isinstance(came, str):
                return came, self._end(came)
            self._show(came["do"], came["arguments"])

    def _show(self, do: str, arguments: Sequence[Any]) -> None:
        item = arguments[0]
        if item not in self.out:
            return  # an event may come after the end
        if do == "begin" and item in self.begun:
            self.display.warn(f"{self.out[item][0]}: its Dask worker died; it is begun again.")
        if do == "begin":
            self.begun.add(item)
        getattr(self.display, do)(*arguments)

    def _end(self, item: str) -> Any:
        done = outcome(*self.out.pop(item))
        for do, arguments in done.said:
            getattr(self.display, do)(*arguments)
        return done.result


def outcome(title: str, future: Future[Done]) -> Done:
    """What a task returned, or the reason why it returned nothing."""
    try:
        done: Done = future.result()
        return done
    except KilledWorker:
        return Done(StepFailed(f"{title}: the Dask workers that ran it died.", "Is there memory enough for it?"), [])
    except CancelledError:
        return Done(StepFailed(f"{title}: the Dask scheduler has gone.", "The same command goes on from there."), [])
    except Exception as problem:
        what = " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
        error = StepFailed(f"{title}: its Dask worker can't run it: {what}", "schedule=inline does without Dask.")
        error.__cause__ = problem
        return Done(error, [])


@contextmanager
def listening(client: Client, display: Display) -> Iterator[Desk]:
    """A desk that hears what its tasks tell; what is still out at the end is cancelled."""
    desk = Desk(f"runner-{uuid.uuid4().hex}", display)
    client.subscribe_topic(desk.topic, lambda event: desk.inbox.put(event[1]))  # type: ignore[no-untyped-call]
    try:
        yield desk
    finally:
        client.cancel([future for _, future in desk.out.values()])  # type: ignore[no-untyped-call]
        client.unsubscribe_topic(desk.topic)  # type: ignore[no-untyped-call]
