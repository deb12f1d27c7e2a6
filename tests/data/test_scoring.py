from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import StepFailed
from runner.data import arrays, scoring


def artifact(folder: Path, meta: dict[str, Any], **test: Any) -> Path:
    splits = {"test": {name.replace("__", "/"): np.asarray(value) for name, value in test.items()}}
    arrays.write(arrays.Dataset(splits, {"unit": "", **meta}), folder)
    return folder


def test_forecasts_are_scored_in_units_beside_the_naive_one(tmp_path: Path) -> None:
    meta = {"task": "forecast", "unit": "ppm", "scale": {"mean": 1.0, "std": 2.0}}
    # in ppm: targets 301, 303 and 400, 404
    folder = artifact(
        tmp_path, meta, target=[[0.0, 1.0], [-0.5, 1.5]], offset=[300.0, 400.0], naive=[[300, 300], [400, 400]]
    )
    scores = scoring.score(folder, {"y": np.array([[0.5, 1.0], [-0.5, 0.0]])})
    assert scores == {"mae_ppm": 1.0, "rmse_ppm": pytest.approx(np.sqrt(10 / 4)), "naive_mae_ppm": 2.0}


def test_a_unit_becomes_part_of_a_metrics_name(tmp_path: Path) -> None:
    meta = {"task": "forecast", "unit": "kWh/m²", "scale": {"mean": 0.0, "std": 1.0}}
    folder = artifact(tmp_path, meta, target=[[1.0]], naive=[[1.0]])
    assert set(scoring.score(folder, {"y": np.ones((1, 1))})) == {"mae_kWh_m²", "rmse_kWh_m²", "naive_mae_kWh_m²"}


def test_without_a_unit_the_name_has_none(tmp_path: Path) -> None:
    meta = {"task": "forecast", "scale": {"mean": 0.0, "std": 1.0}}
    folder = artifact(tmp_path, meta, target=[[1.0]], naive=[[3.0]])
    assert scoring.score(folder, {"y": np.zeros((1, 1))}) == {"mae": 1.0, "rmse": 1.0, "naive_mae": 2.0}


def test_classes_are_scored_by_accuracy(tmp_path: Path) -> None:
    folder = artifact(tmp_path, {"task": "classify"}, target=[0, 1, 1, 0])
    y = np.array([[2.0, 1.0], [0.0, 1.0], [5.0, 1.0], [1.0, 0.0]])
    assert scoring.score(folder, {"y": y}) == {"accuracy": 0.75}


@pytest.mark.parametrize(("metric", "value"), [("mae", 1.0), ("rmse", np.sqrt(2)), ("max_abs_error", 2.0)])
def test_a_users_metric_covers_all_expected_values(metric: str, value: float, tmp_path: Path) -> None:
    folder = artifact(
        tmp_path, {"task": "tensors", "metric": metric}, expected__a=[1.0, 1.0], expected__b=[[2.0], [2.0]]
    )
    outputs = {"a": np.array([[1.0], [1.0]]), "b": np.array([[0.0], [4.0]]), "c": np.zeros(2)}
    assert scoring.score(folder, outputs) == {metric: pytest.approx(value)}


def test_a_users_labels_are_scored_by_accuracy(tmp_path: Path) -> None:
    folder = artifact(tmp_path, {"task": "tensors", "metric": "accuracy"}, target=[1, 0])
    assert scoring.score(folder, {"y": np.array([[[0.0, 1.0]], [[0.0, 1.0]]])}) == {"accuracy": 0.5}


def test_random_inputs_have_no_score(tmp_path: Path) -> None:
    folder = artifact(tmp_path, {"task": "tensors", "metric": "none"}, in__x=[1.0])
    assert scoring.score(folder, {"y": np.ones(1)}) == {}


def test_part_of_the_test_split_is_not_scored_as_the_whole(tmp_path: Path) -> None:
    folder = artifact(tmp_path, {"task": "classify"}, target=[0, 1, 1, 0])
    with pytest.raises(StepFailed, match=r"^3 outputs for 4 test samples\."):
        scoring.score(folder, {"y": np.zeros((3, 2))})
