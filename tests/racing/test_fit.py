"""The fit of a race: exact where there is no noise, and hard to mislead where there is."""

import numpy as np
import pytest

from runner.racing.fit import GROUPED, HUBER, fit
from runner.racing.groups import Group, cut

TRUE = np.array([0.0, 0.1, 0.25, 0.5, 0.9, 1.2, 1.3])


def raced(blocks: int, noise: float, seed: int = 0) -> list[Group]:
    random = np.random.default_rng(seed)
    return [
        Group(block, {one: TRUE[one] + level + random.normal(0, noise) for one in members})
        for block in range(blocks)
        for members in cut(range(len(TRUE)), 0, block)
        for level in [random.normal(0, 1)]
    ]


def test_without_noise_the_times_are_exact_whatever_each_group_adds() -> None:
    found = fit(raced(3, 0.0), len(TRUE), alone=False)
    assert found.times == pytest.approx(TRUE - TRUE.mean())
    assert found.spread == pytest.approx(0.0, abs=1e-12)
    assert list(found.counts) == [3] * len(TRUE)


def test_the_times_solve_huber_s_equations() -> None:
    groups = raced(6, 0.02)
    found = fit(groups, len(TRUE), alone=False)
    pulls = dict.fromkeys(range(len(TRUE)), 0.0)
    for group in groups:
        who = list(group.values)
        left = np.array([group.values[one] - found.times[one] for one in who])
        level = _huber_level(left, HUBER * found.spread)
        for one, rest in zip(who, left - level, strict=True):
            pulls[one] += float(np.clip(rest, -HUBER * found.spread, HUBER * found.spread))
    assert list(pulls.values()) == pytest.approx([0.0] * len(TRUE), abs=0.01 * found.spread)


def _huber_level(left: np.ndarray, width: float) -> float:
    low, high = left.min(), left.max()
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(left - middle, -width, width).sum() > 0 else (low, middle)
    return float(low)


def test_one_run_that_was_disturbed_moves_no_time_and_widens_its_own_interval_alone() -> None:
    groups = raced(8, 0.01)
    disturbed = [Group(group.block, dict(group.values)) for group in groups]
    hit = next(place for place, group in enumerate(disturbed) if 2 in group.values)
    disturbed[hit] = Group(disturbed[hit].block, {**disturbed[hit].values, 2: disturbed[hit].values[2] + 3.0})
    calm, found = (fit(one, len(TRUE), alone=False) for one in (groups, disturbed))
    assert found.difference(2, 0) == pytest.approx(calm.difference(2, 0), abs=0.02)
    assert found.variances[2] > 100 * calm.variances[2]
    assert found.variances[0] < 2 * calm.variances[0]


def test_a_configuration_s_variance_is_its_own_residuals_and_four_runs_of_the_pooled_spread() -> None:
    groups = [Group(block, {0: 0.0, 1: 1.0 + (0.1 if block % 2 else -0.1)}) for block in range(4)]
    found = fit(groups, 2, alone=True)
    spread = 1.4826 * 0.05 * np.sqrt(8 / 3)  # residuals are ±0.05, 8 runs less 2 + 4 − 1 unknowns
    assert found.spread == pytest.approx(spread, rel=1e-3)
    assert found.variances == pytest.approx([(4 * spread**2 + 4 * 0.05**2) / 7] * 2, rel=1e-3)
    assert found.reach(0, 1) == pytest.approx((2 + 2 / 4) * np.sqrt(2 * found.variances[0] / 4))


def test_where_a_block_has_several_groups_variances_are_a_fifth_larger() -> None:
    groups = raced(4, 0.01)
    one, several = (fit(groups, len(TRUE), alone=alone) for alone in (True, False))
    assert several.grouped == GROUPED == 1.2
    assert several.reach(0, 1) > np.sqrt(GROUPED) * one.reach(0, 1)
