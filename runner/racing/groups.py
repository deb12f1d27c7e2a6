"""What a race has timed so far: groups of processes that were alive together."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

AT_ONCE = 6  # processes alive together: more crowd each other's caches, fewer share less of a moment
PAIR = -1  # the block of a pair that a confirmation added


@dataclass(frozen=True)
class Group:
    """Processes that took turns, one of each configuration: `values` are the logs of their times, by configuration.

    What all of them have in common (the moment, the machine) is the group's, so any constant may be taken off. `block`
    counts from 0; PAIR where a confirmation's pair was added to the race.
    """

    block: int
    values: Mapping[int, float]


Groups = Sequence[Group]


def runs(groups: Groups) -> Counter[int]:
    """How many processes of each configuration were timed."""
    return Counter(configuration for group in groups for configuration in group.values)


def cut(members: Sequence[int], seed: int, block: int, at_once: int = AT_ONCE) -> list[tuple[int, ...]]:
    """The groups of a block in which each of `members` runs once: at most `at_once` of them alive together, in an order
    drawn by seed and block, the groups as equal as can be."""
    drawn = sorted(members)
    random.Random(f"{seed}/{block}").shuffle(drawn)
    count = math.ceil(len(drawn) / at_once)
    ends = [round(len(drawn) * one / count) for one in range(count + 1)]
    return [tuple(drawn[start:end]) for start, end in itertools.pairwise(ends)]


def value(bursts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(processes,) the value of each process of a group: of its `bursts` (rounds, processes), times of a sample, the
    median over rounds of the log of its own over the round's median."""
    logs = np.log(bursts)
    return np.asarray(np.median(logs - np.median(logs, axis=1, keepdims=True), axis=0))


def connected(groups: Groups, configurations: int) -> bool:
    """Whether every configuration can be compared with every other, through groups that share one."""
    reached = set(groups[0].values) if groups else set()
    rest = [set(group.values) for group in groups]
    while near := [group for group in rest if group & reached]:
        rest = [group for group in rest if not group & reached]
        reached = reached.union(*near)
    return len(reached) == configurations
