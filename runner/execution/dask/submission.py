"""The command's end of Dask: steps handed out as they become ready, and what is heard of them."""

from __future__ import annotations

import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from distributed import Client, Future, KilledWorker

from runner.core.errors import RunnerError, StepFailed
from runner.core.foreign_text import brief
from runner.core.progress import Display
from runner.execution.dask import version_check
from runner.execution.dask.tasks import Done, Task, make
from runner.execution.dask.transfer import Held
from runner.execution.graph_executor import Makers, execute
from runner.planning.graph import Node
from runner.spec.schema import Limits

TEND_SECONDS = 1.0  # between two looks at the workers, while nothing is heard


@dataclass(frozen=True)
class Terms:
    """How steps are handed out. `attempts`: how often a step is begun whose Dask worker dies; `needs`: the Dask
    resources of a step; `tend` is called while nothing is heard, and raises where nothing will be."""

    limits: Limits
    attempts: int
    tend: Callable[[], None]
    needs: Callable[[Node], dict[str, float]]


def make_steps(
    client: Client,
    todo: Sequence[Node],
    known: Mapping[str, Held | RunnerError],
    ranks: Mapping[str, float],
    terms: Terms,
    display: Display,
) -> dict[str, Held | RunnerError]:
    """What became of the nodes of `todo` (inputs first), by key; `known` has the inputs that are there."""
    nodes = {node.id: node for node in todo}
    with listening(client, terms.attempts, display) as desk:

        def start(node: Node, inputs: Mapping[str, Held]) -> None:
            task = Task(node, dict(inputs), terms.limits, version_check.here(), desk.topic)
            how = {"priority": ranks[node.key], "resources": terms.needs(node) or None}
            desk.hand_out(node.id, f"{node.step} {node.title}", lambda key: client.submit(make, task, key=key, **how))

        def ended() -> tuple[Node, Held | RunnerError]:
            item, result = desk.next(terms.tend)
            return nodes[item], result

        everything = sys.maxsize  # all that are ready: the cluster may grow
        return execute(todo, known, Makers(start, ended, everything), ranks, display)


@dataclass
class Order:
    """What is out: its name in messages, how it is submitted (under which of Dask's keys), how often that was done."""

    title: str
    submit: Callable[[str], Future[Done]]
    future: Future[Done] | None = None
    submitted: int = 0


@dataclass
class Desk:
    """What is out, and what comes in: events and ended tasks, from Dask's threads to the one that draws."""

    topic: str
    attempts: int
    display: Display
    out: dict[str, Order] = field(default_factory=dict)
    begun: Counter[str] = field(default_factory=Counter)
    inbox: SimpleQueue[Any] = field(default_factory=SimpleQueue)

    def hand_out(self, item: str, title: str, submit: Callable[[str], Future[Done]]) -> None:
        """`item` is the display's name of what is done, and Dask's key of it."""
        self.out[item] = Order(title, submit)
        self._submit(item, self.out[item])

    def _submit(self, item: str, order: Order) -> None:
        order.future = order.submit(f"{item}-{order.submitted}" if order.submitted else item)
        order.submitted += 1
        # In Dask's thread, since it may wait: what a worker had that died meanwhile is computed again.
        order.future.add_done_callback(  # type: ignore[no-untyped-call]
            lambda ended: self.inbox.put((item, returned(ended)))
        )

    def next(self, tend: Callable[[], None]) -> tuple[str, Any]:
        """The next item that ends, and its result or error; shows what is heard meanwhile."""
        while True:
            try:
                came = self.inbox.get(timeout=TEND_SECONDS)
            except Empty:
                tend()
                continue
            if isinstance(came, dict):
                self._show(came["do"], came["arguments"])
            elif not self._again(*came):
                return came[0], self._end(*came)

    def _again(self, item: str, result: Done | Exception) -> bool:
        """Submit once more what Dask has given up though it was begun less often than it may: it only stood in line
        where other steps' workers died."""
        order = self.out[item]
        if (
            not isinstance(result, KilledWorker)
            or self.begun[item] >= self.attempts
            or order.submitted >= self.attempts
        ):
            return False
        self._submit(item, order)
        return True

    def _show(self, do: str, arguments: Sequence[Any]) -> None:
        item = arguments[0]
        if item not in self.out:
            return  # an event may come after the end
        if do == "begin":
            self.begun[item] += 1
            if self.begun[item] > 1:
                self.display.warn(f"{self.out[item].title}: its Dask worker died; it is begun again.")
        getattr(self.display, do)(*arguments)

    def _end(self, item: str, result: Done | Exception) -> Any:
        done = outcome(self.out.pop(item).title, result)
        for do, arguments in done.said:
            getattr(self.display, do)(*arguments)
        return done.result


def returned(future: Future[Done]) -> Done | Exception:
    """What a task returned, or what Dask raises in its place."""
    try:
        return future.result()
    except Exception as error:
        return error


def gone() -> StepFailed:
    """What is said where the scheduler doesn't answer any more."""
    return StepFailed("The Dask scheduler has gone.", "The same command goes on from what is finished.")


def outcome(title: str, result: Done | Exception) -> Done:
    """What a task returned, or the reason why it returned nothing. Raises StepFailed where the scheduler has gone."""
    if isinstance(result, Done):
        return result
    if isinstance(result, CancelledError):
        raise gone() from result
    if isinstance(result, KilledWorker):
        return Done(StepFailed(f"{title}: the Dask workers that ran it died.", "Is there memory enough for it?"), [])
    what = brief(f"{type(result).__name__}: {result}")
    error = StepFailed(f"{title}: its Dask worker can't run it: {what}", "schedule=local does without Dask.")
    error.__cause__ = result
    return Done(error, [])


@contextmanager
def listening(client: Client, attempts: int, display: Display) -> Iterator[Desk]:
    """A desk that hears what its tasks tell; what is still out at the end is cancelled."""
    desk = Desk(f"runner-{uuid.uuid4().hex}", attempts, display)
    client.subscribe_topic(desk.topic, lambda event: desk.inbox.put(event[1]))  # type: ignore[no-untyped-call]
    try:
        yield desk
    finally:
        if client.status == "running":
            client.cancel([order.future for order in desk.out.values()])  # type: ignore[no-untyped-call]
            client.unsubscribe_topic(desk.topic)  # type: ignore[no-untyped-call]
