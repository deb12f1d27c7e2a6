"""What nothing else beats in everything at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby


def front(costs: Sequence[tuple[float, float]]) -> tuple[bool, ...]:
    """Whether each of `costs` (two of which less is better) is on the Pareto front: none is as good in both and better
    in one. Those that are the same in both are on it together."""
    found, least = [False] * len(costs), math.inf
    for cost, alike in groupby(sorted(range(len(costs)), key=costs.__getitem__), key=costs.__getitem__):
        if cost[1] < least:
            least = cost[1]
            for place in alike:
                found[place] = True
    return tuple(found)
