"""Holm's correction: the more comparisons a table has, the more certain each verdict in it must be.

Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6 (1979).
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given: with all below `a` called different, at least one is called so
    falsely with a probability of at most `a`, however the comparisons depend on each other."""
    count, found, largest = len(p_values), [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (count - place) * p_values[index]))
        found[index] = largest
    return found


def least_pairs(comparisons: int, alpha: float) -> int:
    """The fewest pairs with which the signed-rank test can reach `alpha` / `comparisons`: its smallest p is 2 / 2^n."""
    return math.ceil(math.log2(2 * max(1, comparisons) / alpha) - 1e-9)
