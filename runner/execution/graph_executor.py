"""The order of the steps: each after its inputs, longest chain first, none after an input that failed."""

from __future__ import annotations

import heapq
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Generic, TypeVar

from runner.core.errors import RunnerError
from runner.core.progress import Display
from runner.planning.graph import Node

T = TypeVar("T")


@dataclass(frozen=True)
class Makers(Generic[T]):
    """Those who make steps: `start(node, inputs by role)` begins one, `ended()` waits for one of those begun; at most
    `window` are under way."""

    start: Callable[[Node, Mapping[str, T]], None]
    ended: Callable[[], tuple[Node, T | RunnerError]]
    window: int

    def begin(self, node: Node, inputs: Mapping[str, T | RunnerError]) -> RunnerError | None:
        """None where the step began; else which of its inputs there isn't, and why."""
        there = {role: one for role, one in inputs.items() if not isinstance(one, RunnerError)}
        if len(there) == len(inputs):
            self.start(node, there)
        return next((one for one in inputs.values() if isinstance(one, RunnerError)), None)


def execute(
    todo: Sequence[Node],
    known: Mapping[str, T | RunnerError],
    makers: Makers[T],
    ranks: Mapping[str, float],
    display: Display,
) -> dict[str, T | RunnerError]:
    """What became of every node of `todo`, by key.

    `known` has the inputs that nobody makes. Of the nodes that are ready the one of the highest rank goes first. Why a
    step fails is told once: those that are skipped for it say no more.
    """
    order, came = _Order(todo, ranks), dict[str, T | RunnerError]()
    results, running = ChainMap(came, dict(known)), 0
    while order.goes_on():
        if running < makers.window and (node := order.next()):
            problem = makers.begin(node, {role: results[key] for role, key in node.inputs.items()})
            if problem is None:
                running += 1
                continue
            display.end(node.id, "skipped", 0.0, "" if problem in came.values() else problem.reason)
            result: T | RunnerError = problem
        else:
            node, result = makers.ended()
            running -= 1
            if isinstance(result, RunnerError):
                display.end(node.id, result.status, 0.0, result.reason)
        came[node.key] = result
        order.done(node.key)
    return came


class _Order:
    """Which node comes next."""

    def __init__(self, todo: Sequence[Node], ranks: Mapping[str, float]) -> None:
        self._nodes = {node.key: node for node in todo}
        self._sorter = TopologicalSorter({node.key: self._nodes.keys() & node.inputs.values() for node in todo})
        self._sorter.prepare()
        self._ranks, self._ready = ranks, list[tuple[float, str]]()
        self.goes_on, self.done = self._sorter.is_active, self._sorter.done

    def next(self) -> Node | None:
        """The node of the highest rank whose inputs are through; None where there is none now."""
        for key in self._sorter.get_ready():
            heapq.heappush(self._ready, (-self._ranks.get(key, 0.0), key))
        return self._nodes[heapq.heappop(self._ready)[1]] if self._ready else None
