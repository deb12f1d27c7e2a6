"""What is lost of the float model's quality: by the worse end, relative or in the metric's unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.results import quality_loss
from runner.results.quality_loss import Loss
from runner.results.record_schema import Absent
from tests.report import fixtures
from tests.report.fixtures import measured, spec

INT8 = spec(precision="int8")


def quality(metric: str, difference: float, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    found = {"difference": difference, "low": low, "high": high, "verdict": "worse", "method": "m", **more}
    return {"metric": metric, "samples": 200, "confidence": 0.95, "vs_float": found}


def loss(root: Path, of: dict[str, Any] = INT8, **changes: Any) -> Loss | Absent:
    """Of a row whose mae is 0.312 ppm."""
    content = measured("20261121T090100-00000001", of, spec(), "onnxruntime fp32", 1.4, **changes)
    return quality_loss.loss_of(fixtures.write(root, content).result)


def test_a_percentage_is_of_the_float_models_figure_and_a_number_is_in_the_metrics_unit() -> None:
    one = Loss("mae_ppm", 0.01, 0.005, 0.02, of=2.0)
    assert [one.within(quality_loss.parse(text)) for text in ("1%", "0.99%", "0.02", "0.0199")] == [
        True, False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "-1%", "1 ppm", "nan", "inf", "1e-2", "%"])
def test_anything_else_is_no_budget(text: str) -> None:
    with pytest.raises(SpecError, match="not a budget"):
        quality_loss.parse(text)


def test_more_of_an_error_is_lost(tmp_path: Path) -> None:
    found = loss(tmp_path, quality=quality("mae_ppm", 0.012, 0.010, 0.015))
    assert found == Loss("mae_ppm", 0.012, 0.010, 0.015, of=pytest.approx(0.3))


def test_less_of_an_accuracy_is_lost_and_its_lower_end_is_the_worse(tmp_path: Path) -> None:
    metrics = {"quality/accuracy": 0.95}
    found = loss(tmp_path, metrics=fixtures.metrics(1, 1) | metrics, quality=quality("accuracy", -0.02, -0.03, -0.01))
    assert found == Loss("accuracy", 0.02, 0.01, 0.03, of=pytest.approx(0.97))
    assert isinstance(found, Loss)
    assert (
        quality_loss.worded(found) == "accuracy at worst 3.09 % (3.00 percentage points) worse than the float model's"
    )


def test_whether_more_of_a_users_figure_is_better_is_known_by_its_name_alone(tmp_path: Path) -> None:
    found = loss(
        tmp_path,
        quality=quality("worst_ppm", 0.012, 0.01, 0.02),
        metrics={"latency/p50_ms": 1.0, "quality/worst_ppm": 1.0},
    )
    assert found == Absent("whether more or less worst is better isn't known by its name")


def test_without_an_interval_nothing_is_told(tmp_path: Path) -> None:
    found = loss(tmp_path, quality=quality("mae_ppm", 0.012, None, None, method="too few samples: m"))
    assert found == Absent("no interval of what it loses (200 samples): too few samples")


def test_the_float_model_itself_loses_nothing_however_few_its_samples(tmp_path: Path) -> None:
    same = quality("mae_ppm", 0.0, None, None)
    same["vs_float"]["verdict"] = "equal"
    assert loss(tmp_path, spec(), quality=same) == Loss("mae_ppm", 0.0, 0.0, 0.0, of=0.312)


@pytest.mark.parametrize("known", [{}, {"quality": {}}, {"quality": {"metric": "mae_ppm", "samples": 9}}])
def test_a_record_without_it_says_so(tmp_path: Path, known: dict[str, Any]) -> None:
    found = loss(tmp_path, **known)
    assert isinstance(found, Absent) and found.reason.startswith("its quality beside the float model's isn't known")


def test_a_compressed_network_is_held_against_the_uncompressed_one(tmp_path: Path) -> None:
    pruned = spec(compression="prune")
    both = quality("mae_ppm", 0.0, -0.001, 0.001) | {
        "vs_baseline": {"difference": 0.1, "low": 0.08, "high": 0.12, "verdict": "worse", "method": "m"}
    }
    assert loss(tmp_path, pruned, quality=both) == Loss("mae_ppm", 0.1, 0.08, 0.12, of=pytest.approx(0.212))


def test_a_compressed_network_beside_another_is_held_against_nothing(tmp_path: Path) -> None:
    pruned = spec(compression="prune")
    content = measured("20261121T090100-00000001", pruned, pruned, "onnxruntime fp32 prune", 1.4)
    content["quality"] = quality("mae_ppm", 0.0, -0.001, 0.001)
    found = quality_loss.loss_of(fixtures.write(tmp_path, content).result)
    assert isinstance(found, Absent) and "beside no uncompressed fp32" in found.reason


@pytest.mark.parametrize("relative", [True, False])
def test_the_budget_that_is_advised_is_enough_and_hardly_more(relative: bool) -> None:
    one = Loss("mae_ppm", 0.01, 0.005, 0.01234, of=0.312)
    advised = quality_loss.parse(quality_loss.enough(one, quality_loss.parse("1%" if relative else "0.001")))
    assert advised.relative is relative
    assert one.within(advised)
    assert not Loss("mae_ppm", 0.01, 0.005, 0.0137, of=0.312).within(advised)
