"""The order of the steps: each after its inputs, longest chain first, none after an input that failed."""

from __future__ import annotations

import heapq
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import TypeVar

from runner.core.errors import RunnerError
from runner.core.progress import Display
from runner.planning.graph import Node

T = TypeVar("T")


def execute(
    todo: Sequence[Node],
    known: Mapping[str, T | RunnerError],
    start: Callable[[Node, Mapping[str, T]], None],
    ended: Callable[[], tuple[Node, T | RunnerError]],
    window: int,
    ranks: Mapping[str, float],
    display: Display,
) -> dict[str, T | RunnerError]:
    """What became of every node of `todo`, by key.

    `start(node, inputs by role)` begins a step, `ended()` waits for one of those begun; at most `window` are under
    way. `known` has the inputs that nobody makes. Of the nodes that are ready the one of the highest rank goes first.
    """
    nodes = {node.key: node for node in todo}
    order = TopologicalSorter({node.key: nodes.keys() & node.inputs.values() for node in todo})
    order.prepare()
    came: dict[str, T | RunnerError] = {}
    results = ChainMap(came, dict(known))
    ready: list[tuple[float, str]] = []
    running = 0
    while order.is_active():
        for key in order.get_ready():
            heapq.heappush(ready, (-ranks.get(key, 0.0), key))
        if ready and running < window:
            node = nodes[heapq.heappop(ready)[1]]
            inputs = {role: results[key] for role, key in node.inputs.items()}
            problem = next((one for one in inputs.values() if isinstance(one, RunnerError)), None)
            if problem is None:
                start(node, inputs)  # type: ignore[arg-type]  # no RunnerError among them
                running += 1
                continue
            display.end(node.id, "skipped", 0.0, problem.reason)
            result: T | RunnerError = problem
        else:
            node, result = ended()
            running -= 1
            if isinstance(result, RunnerError):
                display.end(node.id, result.status, 0.0, result.reason)
        came[node.key] = result
        order.done(node.key)
    return came
