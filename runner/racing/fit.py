"""The times of all configurations from all groups: value = configuration + group, fitted so that outliers weigh little.

P. J. Huber, Robust Estimation of a Location Parameter, Ann. Math. Statist. 35 (1964), by reweighted least squares. Each
round of weights is solved directly: once a few finalists race alone, sweeps to and fro between configurations and
groups need hundreds of rounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runner.racing.groups import Groups

HUBER = 1.5  # robust standard deviations from which a run weighs less
PRIOR = 4  # runs that the pooled spread counts for in a configuration's own
GROUPED = 1.2  # what the estimates of groups add to a variance, where a block has several
MOST_ROUNDS = 50
ENOUGH = 1e-4  # of the spread: a smaller step decides nothing
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """`times` (configurations,): each one's log time, up to a constant that all share. `variances` (configurations,):
    of one run of it. `spread`: the robust standard deviation of a run, pooled over all. `counts` (configurations,):
    runs. `grouped`: the factor on a difference's variance (GROUPED, or 1 where a block is one group)."""

    times: Floats
    variances: Floats
    spread: float
    counts: npt.NDArray[np.int64]
    grouped: float

    def difference(self, one: int, other: int) -> float:
        """How much longer `one` takes than `other`, in logs."""
        return float(self.times[one] - self.times[other])

    def reach(self, one: int, other: int) -> float:
        """How far their true difference may lie from the estimate: wider than two standard errors while the runs are
        few."""
        fewer = min(self.counts[one], self.counts[other])
        parts = self.variances[one] / self.counts[one] + self.variances[other] / self.counts[other]
        return float((2 + 2 / fewer) * math.sqrt(self.grouped * parts))


def fit(groups: Groups, configurations: int, alone: bool) -> Fit:
    """The fit of `groups`, in which each of the configurations 0 … ran, connected (`groups.connected`). `alone`: a
    block of all of them is one group."""
    who = np.array([one for group in groups for one in group.values])
    where = np.array([place for place, group in enumerate(groups) for _ in group.values])
    values = np.array([value for group in groups for value in group.values.values()])
    times, left, spread = _huber(who, where, values, configurations, len(groups))
    counts = np.bincount(who, minlength=configurations)
    grouped = 1.0 if alone else GROUPED
    squares = np.bincount(who, left**2, minlength=configurations)
    variances = (PRIOR * spread**2 + grouped * squares) / (PRIOR + counts - 1)
    return Fit(times, variances, spread, counts, grouped)


def _huber(
    who: npt.NDArray[np.int64], where: npt.NDArray[np.int64], values: Floats, configurations: int, groups: int
) -> tuple[Floats, Floats, float]:
    """(times, residuals, spread)."""
    free = len(values) - (configurations + groups - 1)
    weights, times = np.ones_like(values), np.zeros(configurations)
    for _ in range(MOST_ROUNDS):
        before = times
        times, levels = _solved(who, where, values, weights, configurations, groups)
        left = values - times[who] - levels[where]
        spread = 1.4826 * float(np.median(np.abs(left))) * math.sqrt(len(values) / max(1, free))
        if spread == 0 or np.abs(times - before).max() <= ENOUGH * spread:
            break
        weights = np.minimum(1.0, HUBER * spread / np.maximum(np.abs(left), 1e-300))
    return times, left, spread


def _solved(
    who: npt.NDArray[np.int64],
    where: npt.NDArray[np.int64],
    values: Floats,
    weights: Floats,
    configurations: int,
    groups: int,
) -> tuple[Floats, Floats]:
    """The weighted least squares: (times with a mean of 0, levels of the groups). Levels are put into the equations of
    the times, which leaves one equation a configuration."""
    table = np.zeros((configurations, groups))
    np.add.at(table, (who, where), weights)
    sums = np.zeros((configurations, groups))
    np.add.at(sums, (who, where), weights * values)
    heavy, level = table.sum(axis=0), sums.sum(axis=0)
    matrix = np.diag(table.sum(axis=1)) - (table / heavy) @ table.T
    matrix += matrix.diagonal().mean() / configurations or 1.0  # the constant that all share: their mean is 0
    times = np.linalg.solve(matrix, sums.sum(axis=1) - table @ (level / heavy))
    times -= times.mean()
    return times, (level - table.T @ times) / heavy
