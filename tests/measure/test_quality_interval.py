"""How sure a difference in quality is, sample by sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.data.scoring import PerSample
from runner.measure import metrics, quality, quality_interval
from runner.measure.quality_interval import Scored, compared, mcnemar

RNG = np.random.default_rng(7)


def hits(right: int, wrong: int) -> PerSample:
    return PerSample("accuracy", "hits", np.array([1.0] * right + [0.0] * wrong))


def errors(values: Any, kind: str = "mean", overlap: int = 1) -> PerSample:
    return PerSample("mae_ppm" if kind == "mean" else "rmse", kind, np.asarray(values, np.float64), overlap)


@pytest.mark.parametrize(("gained", "lost", "p"), [(0, 0, 1.0), (0, 5, 0.0625), (3, 3, 1.0), (1, 9, 0.021484375)])
def test_mcnemars_exact_test(gained: int, lost: int, p: float) -> None:
    assert mcnemar(gained, lost) == pytest.approx(p)


def test_a_loss_of_many_right_answers_is_worse_and_of_one_is_not_told_apart() -> None:
    mine = compared(hits(80, 20), hits(95, 5), 0, 0.95)
    assert (mine["verdict"], round(mine["difference"], 6)) == ("worse", -0.15)
    assert mine["low"] < -0.15 < mine["high"] < 0
    assert compared(hits(95, 5), hits(80, 20), 0, 0.95)["verdict"] == "better"
    assert compared(hits(94, 6), hits(95, 5), 0, 0.95)["verdict"] == "not told apart"


def test_no_difference_on_a_hundred_samples_is_no_proof_of_none() -> None:
    found = compared(hits(90, 10), hits(90, 10), 0, 0.95)
    assert (found["verdict"], found["difference"], found["p_value"]) == ("equal", 0.0, 1.0)
    assert found["low"] < -0.01 and found["high"] > 0.01


def test_errors_that_are_larger_by_more_than_they_scatter_are_worse() -> None:
    base = RNG.gamma(2, 1, 400)
    worse = compared(errors(base + 0.1 + 0.05 * RNG.normal(size=400)), errors(base), 3, 0.95)
    assert worse["verdict"] == "worse"
    assert worse["low"] < worse["difference"] < worse["high"]
    assert worse["high"] - worse["low"] < 0.03  # paired: the errors themselves scatter by 1.4
    same = compared(errors(base + 0.05 * RNG.normal(size=400)), errors(base), 3, 0.95)
    assert same["verdict"] == "not told apart"
    assert worse["method"] == "paired bootstrap of 100 blocks of 4 samples"


def test_errors_that_differ_as_runtimes_round_are_equal_however_sure() -> None:
    base = RNG.gamma(2, 1, 400)
    assert compared(errors(base * (1 + 1e-8)), errors(base), 3, 0.95)["verdict"] == "equal"
    assert compared(errors(base * (1 + 1e-4)), errors(base), 3, 0.95)["verdict"] == "worse"


def test_the_root_of_a_mean_is_the_rmse() -> None:
    found = compared(errors([4.0] * 100, "root"), errors([1.0] * 100, "root"), 0, 0.95)
    assert (found["difference"], found["low"], found["high"], found["verdict"]) == (1.0, 1.0, 1.0, "worse")


def test_windows_that_overlap_are_drawn_in_blocks_and_give_a_wider_interval() -> None:
    wave = np.convolve(RNG.normal(size=411), np.ones(12) / 12, "valid")
    wide, narrow = (
        compared(errors(5 + wave, overlap=k), errors(np.full(400, 5.0), overlap=k), 1, 0.95) for k in (12, 1)
    )
    assert wide["high"] - wide["low"] > 1.5 * (narrow["high"] - narrow["low"])


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Errors of overlapping windows without a difference; 200 tries, 95 % asked, few blocks."""
    held = 0
    for seed in range(200):
        wave = np.convolve(RNG.normal(size=291), np.ones(12) / 12, "valid")
        found = compared(errors(5 + wave, overlap=12), errors(np.full(280, 5.0), overlap=12), seed, 0.95)
        held += found["low"] <= 0 <= found["high"]
    assert held >= 176  # 88 %


def test_the_same_seed_gives_the_same_interval_and_json_takes_it() -> None:
    base = RNG.gamma(2, 1, 300)
    one, two = (compared(errors(base * 1.01), errors(base), 5, 0.95) for _ in range(2))
    assert json.dumps(one, allow_nan=False) == json.dumps(two)


def test_few_samples_have_no_interval() -> None:
    found = compared(errors([1.0] * 5), errors([2.0] * 5), 0, 0.95)
    assert (found["difference"], found["low"], found["verdict"]) == (-1.0, None, "can't be told")
    assert found["method"].startswith("too few samples")
    assert compared(hits(3, 0), hits(0, 3), 0, 0.95)["low"] is None


@pytest.mark.parametrize(("mine", "theirs", "reason"), [
    (errors([1.0, np.nan]), errors([1.0, 1.0]), "not finite"),
    (hits(1, 1), errors([1.0, 1.0]), "the other side has no such figure"),
    (hits(1, 1), None, "the other side has no such figure"),
])  # fmt: skip
def test_what_can_not_be_compared_says_why(mine: PerSample, theirs: PerSample | None, reason: str) -> None:
    assert compared(mine, theirs, 0, 0.95) == {"reason": reason}


# --- of files ---


def artifact(folder: Path, target: list[int]) -> Path:
    """A data artifact of labels."""
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"task": "classify", "metric": "accuracy"}))
    np.savez(folder / "test.npz", target=np.array(target), **{"in/x": np.zeros((len(target), 1))})
    return folder


def answered(file: Path, classes: list[int]) -> Path:
    np.savez(file, **{"out/y": np.eye(3)[classes]})
    return file


def scored(file: Path, data: Path, reference: Path | None = None) -> Scored:
    each = [quality.scores(one, data, None, one) if one else None for one in (file, reference)]
    return Scored(each[0], data, each[1])


def test_both_sides_and_the_float_model_answer_the_same_samples(tmp_path: Path) -> None:
    truth = [0, 1, 2] * 20
    data = artifact(tmp_path / "data", truth)
    mine = scored(answered(tmp_path / "a.npz", [0] * 60), data, answered(tmp_path / "r.npz", truth))
    theirs = scored(answered(tmp_path / "b.npz", truth), artifact(tmp_path / "copy", truth))
    found = quality_interval.intervals(mine, theirs, 0, 0.95)
    assert (found["metric"], found["samples"]) == ("accuracy", 60)
    assert found["vs_baseline"]["verdict"] == found["vs_float"]["verdict"] == "worse"
    other = scored(answered(tmp_path / "c.npz", truth), artifact(tmp_path / "other", [1] * 60))
    assert quality_interval.intervals(mine, other, 0, 0.95)["vs_baseline"] == {
        "reason": "the baseline answered other samples"
    }


def test_a_figure_that_is_no_mean_has_a_difference_and_no_interval() -> None:
    mine, theirs = (PerSample("worst", "whole", np.array([value]), 1, 60, "one number") for value in (0.5, 0.25))
    assert compared(mine, theirs, 0, 0.95) == {
        "difference": 0.25, "low": None, "high": None, "method": "one number", "verdict": "can't be told",
    }  # fmt: skip
    assert compared(mine, mine, 0, 0.95)["verdict"] == "equal"


@pytest.mark.parametrize(("metric", "verdict"), [("worst", "differs"), ("error_mm", "worse"), ("f1", "better")])
def test_what_is_better_is_known_by_the_name_alone(metric: str, verdict: str) -> None:
    mine, theirs = (PerSample(metric, "mean", np.arange(60.0) + more) for more in (1, 0))
    assert compared(mine, theirs, 0, 0.95)["verdict"] == verdict


def test_figures_of_other_samples_have_no_difference() -> None:
    assert metrics.reasons(metrics.quality_delta({"mae": 1.0}, {"mae": 2.0}, False, {})) == {
        "vs_baseline/quality_delta": "the baseline answered other samples"
    }
    found = {"vs_baseline": {"low": -2.0, "high": 0.5}}
    assert metrics.numbers(metrics.quality_delta({"mae": 1.0}, {"mae": 2.0}, True, found)) == {
        "vs_baseline/quality_delta": -1.0, "vs_baseline/quality_delta_low": -2.0, "vs_baseline/quality_delta_high": 0.5,
    }  # fmt: skip


def test_no_better_than_no_model_is_warned_of(tmp_path: Path) -> None:
    data = artifact(tmp_path / "data", [0] * 7 + [1] * 3)
    assert quality_interval.warnings({"accuracy": 0.7}, data) == [
        "accuracy 70.0 % is no better than always answering the most frequent class (70.0 %)"
    ]
    assert quality_interval.warnings({"accuracy": 0.8}, data) == []
    assert quality_interval.warnings({"mae_ppm": 2.0, "rmse_ppm": 3.0, "naive_mae_ppm": 1.5}, data) == [
        "mae_ppm 2 is worse than the naive forecast's 1.5"
    ]
    assert quality_interval.warnings({"mae_ppm": 1.0, "naive_mae_ppm": 1.5}, data) == []
    assert quality_interval.warnings({}, data) == []
