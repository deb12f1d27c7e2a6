"""How a race stands after some groups: who leads, who is still in it, and what comes next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from runner.racing import groups as timed
from runner.racing.fit import Fit, fit
from runner.racing.groups import Groups

TOLERANCE = math.log(1.02)  # nobody looks for a faster one that is less than so much faster
LUCKY = 4  # a leader of fewer runs may lead by luck
LEAST = 5  # runs of a leader that is believed
BEYOND = 11  # runs beyond those, after which nothing more is told apart
FINALISTS = 3  # that race on while the leader has too few runs


@dataclass(frozen=True)
class Standing:
    """`leader` is the fastest by the estimate; `reference` whom the others are compared with; `active` those that may
    be more than 2 % faster than it, and the leader. `demanded` are the runs that a leader needs."""

    fit: Fit
    leader: int
    reference: int
    active: frozenset[int]
    demanded: int

    @property
    def order(self) -> list[int]:
        """All configurations, the fastest first."""
        return sorted(range(len(self.fit.times)), key=lambda one: (self.fit.times[one], one))

    @property
    def decided(self) -> bool:
        """Whether nothing else can be more than 2 % faster than a leader that has run often enough."""
        return self.active == {self.leader} and bool(self.fit.counts[self.leader] >= self.demanded)

    @property
    def next(self) -> tuple[int, ...]:
        """Who runs in the next block; nobody where it is decided, or all that are left ran as often as they may."""
        if self.decided:
            return ()
        if self.active == {self.leader}:
            return tuple(self.order[:FINALISTS])
        left = {one for one in self.active if self.fit.counts[one] < self.demanded + BEYOND}
        return tuple(sorted(left | {self.leader})) if left - {self.leader} else ()


def standing(
    groups: Groups, configurations: int, demanded: int = LEAST, at_once: int = timed.AT_ONCE
) -> Standing | None:
    """How it stands after `groups` of at most `at_once` processes; None while not all have run twice, or can be
    compared."""
    counts = timed.runs(groups)
    if any(counts[one] < 2 for one in range(configurations)) or not timed.connected(groups, configurations):
        return None
    found = fit(groups, configurations, alone=configurations <= at_once)
    leader, second = _first_two(found)
    reference = second if found.counts[leader] < LUCKY else leader
    active = {one for one in range(configurations) if _may_be_faster(found, one, reference)}
    return Standing(found, leader, reference, frozenset(active | {leader}), demanded)


def _first_two(found: Fit) -> tuple[int, int]:
    order = found.times.argsort(kind="stable")
    return int(order[0]), int(order[min(1, len(order) - 1)])


def _may_be_faster(found: Fit, one: int, reference: int) -> bool:
    return found.difference(one, reference) - found.reach(one, reference) <= -TOLERANCE
