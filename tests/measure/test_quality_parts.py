"""Samples that choose a model, and others on which its loss is stated."""

from __future__ import annotations

import numpy as np
import pytest

from runner.data.scoring import PerSample
from runner.measure import quality_parts
from runner.measure.quality_parts import of, parted


def scored(kind: str, samples: int, overlap: int = 1) -> PerSample:
    return PerSample("figure", kind, np.arange(samples, dtype=np.float64), overlap)


def test_right_and_wrong_answers_go_by_turns_so_that_either_part_has_every_class() -> None:
    one = scored("hits", 500)
    choose, state = (of(one, part).values for part in parted(one) or ())
    assert (choose[:3].tolist(), state[:3].tolist()) == ([0, 2, 4], [1, 3, 5])
    assert len(choose) == len(state) == 250


def test_of_a_forecast_no_sample_of_one_part_shares_a_row_with_the_other() -> None:
    one = scored("mean", 2000, overlap=12)
    choose, state = (of(one, part).values for part in parted(one) or ())
    assert state[0] - choose[-1] == 12
    assert (choose[0], state[-1]) == (0, 1999)


@pytest.mark.parametrize("one", [scored("hits", 499), scored("mean", 340, overlap=12), scored("whole", 1)])
def test_too_few_samples_are_not_parted(one: PerSample) -> None:
    assert parted(one) is None


def test_the_part_that_did_not_choose_tells_the_loss_that_choosing_hides() -> None:
    """Of 30 models that all lose 4 %, the one that seems to lose least."""
    rng = np.random.default_rng(3)
    seemed, told = [], []
    for _ in range(40):
        wrong = [PerSample("accuracy", "hits", (rng.random(1000) > 0.04).astype(np.float64)) for _ in range(30)]
        choose, state = parted(wrong[0]) or pytest.fail("they are enough")
        best = max(wrong, key=lambda one: quality_parts.of(one, choose).values.mean())
        seemed.append(1 - of(best, choose).values.mean())
        told.append(1 - of(best, state).values.mean())
    assert np.mean(seemed) < 0.03
    assert np.mean(told) == pytest.approx(0.04, abs=0.004)
