"""Who may race under a budget of quality: by the bound, not by the estimate."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from runner.core.errors import RunnerError, StepFailed
from runner.data.scoring import PerSample
from runner.execution.racing.field import Entry
from runner.execution.racing.losses import Judged, Losses, lost_of, sorted_out
from runner.results.quality_loss import Budget, Loss, Lost, Stated
from runner.results.record_schema import Absent

ONE_PERCENT = Budget(0.01, relative=True)


def entry(name: str, precision: str = "int8") -> Entry:
    found: Any = SimpleNamespace(name=name, artifact=name, side=SimpleNamespace(precision=precision))
    return cast(Entry, found)


DEFAULT = entry("default", "fp32")


def status(judged: Judged, budget: Budget | None = ONE_PERCENT, precision: str = "int8") -> str:
    """Of a configuration whose loss is `judged`: `races`, or why it doesn't."""
    one = entry("one", precision)
    racing, out = sorted_out([DEFAULT, one], DEFAULT, Losses({"one": kept(judged)}), budget)
    assert DEFAULT in racing
    return "races" if one in racing else out[0].status


def kept(judged: Judged) -> Lost | Absent | RunnerError:
    return Lost(judged, Stated(judged, 340, apart=False)) if isinstance(judged, Loss) else judged


def loss(value: float, low: float, high: float) -> Loss:
    return Loss("mae_ppm", value, low, high, of=1.0)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (loss(0.005, 0.001, 0.009), "races"),
        (loss(0.005, -0.001, 0.011), "unclear"),
        (loss(0.012, 0.009, 0.015), "unclear"),
        (loss(0.020, 0.011, 0.029), "over"),
    ],
)
def test_the_upper_end_of_the_interval_decides(found: Loss, expected: str) -> None:
    assert status(found) == expected


def test_any_loss_will_do_where_it_does_not_matter() -> None:
    assert status(loss(0.5, 0.4, 0.6), budget=None) == "races"


def test_a_quality_that_is_not_known_is_unclear_but_of_the_float_model() -> None:
    assert status(Absent("no metric")) == "unclear"
    assert status(Absent("no metric"), precision="fp32") == "races"
    assert status(Absent("no metric"), budget=None) == "races"


def test_what_cannot_predict_does_not_race_whatever_may_be_lost() -> None:
    assert status(StepFailed("broken"), budget=None) == "failed"


def test_what_is_left_out_says_which_budget_would_allow_it() -> None:
    _, (out,) = sorted_out(
        [DEFAULT, entry("one")], DEFAULT, Losses({"one": kept(loss(0.02, 0.011, 0.029))}), ONE_PERCENT
    )
    assert out.reason == "mae 2.00 % [1.10, 2.90] worse than the float model's"
    assert out.next_step == "--max-loss 3% allows it."


def answers(right: int, wrong: int, samples: int) -> PerSample:
    """So many right ones, then the wrong ones, each again and again."""
    return PerSample("accuracy", "hits", np.resize([1.0] * right + [0.0] * wrong, samples))


def test_the_winner_s_loss_is_stated_on_samples_that_did_not_choose_it() -> None:
    """One whose every second answer is wrong loses all by those, and nothing by the others."""
    every = PerSample("accuracy", "hits", np.ones(600))
    found = lost_of(answers(1, 1, 600), every, seed=0, exact=False)
    assert isinstance(found, Lost)
    assert (found.loss.value, found.stated.loss.value) == (0.0, 1.0)
    assert (found.stated.samples, found.stated.apart) == (300, True)


def test_of_few_samples_all_choose_and_that_is_said() -> None:
    found = lost_of(answers(1, 1, 100), PerSample("accuracy", "hits", np.ones(100)), seed=0, exact=False)
    assert isinstance(found, Lost)
    assert found.stated == Stated(found.loss, 100, apart=False)
    assert found.loss.value == 0.5
