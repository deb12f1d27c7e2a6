from dataclasses import replace

import pytest

from runner.results.formatting import number, quality, quality_against, quality_differences, ratio, verdict_line, worded
from runner.results.record_schema import Correction, read
from tests.report import fixtures


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.3124, "0.312"),
        (1.0, "1.00"),
        (24.06, "24.1"),
        (1430.4, "1430"),
        (0, "0"),
        (0.00001234, "1.23e-05"),
        (-0.5, "-0.500"),
    ],
)
def test_a_number_has_three_significant_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_ratio_without_an_interval_shows_none() -> None:
    assert ratio(1.431, 1.4, 1.46) == "1.43× [1.40, 1.46]"
    assert ratio(1.431, None, None) == "1.43×"


def test_a_small_ratio_shows_two_of_its_figures() -> None:
    assert ratio(0.0003142, None, None) == "0.00031×"
    assert ratio(0.0537, 0.0401, 0.0702) == "0.054× [0.040, 0.070]"


def test_a_narrow_interval_takes_a_third_decimal() -> None:
    assert ratio(0.8562, 0.8511, 0.8630) == "0.856× [0.851, 0.863]"


def test_a_verdict_that_was_taken_back_names_the_one_it_had_alone() -> None:
    taken_back = Correction("ambiguous", "slower", 0.08, 0.05, 3, "sweep aa11")
    assert worded("ambiguous", taken_back) == "ambiguous (alone: slower)"
    assert worded("slower", replace(taken_back, verdict="slower")) == worded("slower", None) == "slower"


def test_a_forecasts_error_stands_beside_the_naive_one() -> None:
    metrics = {"quality/mae_ppm": 0.312, "quality/rmse_ppm": 0.4, "quality/naive_mae_ppm": 1.52, "size/file_mb": 1.0}
    assert quality(metrics) == ["mae 0.312 ppm; seasonal naive 1.52 ppm", "rmse 0.400 ppm"]


def test_accuracy_is_a_percentage() -> None:
    assert quality({"quality/accuracy": 0.9713}) == ["accuracy 97.1 %"]


def test_the_verdict_says_how_it_was_found() -> None:
    content = fixtures.measured(
        "20261121T094600-0000000b", fixtures.spec(backend="openvino"), fixtures.spec(), "", 1.43
    )
    assert verdict_line(read(content)) == (
        "1.43× [1.40, 1.46] as fast as onnxruntime fp32 (paired, 10 pairs, stopped by target): faster"
    )
    without = {**content, "comparison": None, "spec": fixtures.spec(baseline="none")}
    assert verdict_line(read(without)) == "measured without a baseline"
    assert verdict_line(read({**content, "status": "timeout", "reason": "too slow"})) == "timeout: too slow"


def test_a_difference_in_quality_says_how_sure_it_is() -> None:
    content = fixtures.measured("20261121T094600-0000000b", fixtures.spec(precision="int8"), fixtures.spec(), "", 1.43)
    assert quality_differences(read(content)) == []
    found = {"difference": -0.012, "low": -0.02, "high": -0.004, "verdict": "worse", "method": "McNemar"}
    content["quality"] = {
        "metric": "accuracy", "samples": 360, "vs_baseline": found | {"p_value": 0.01},
        "vs_float": {"reason": "not finite"},
    }  # fmt: skip
    assert quality_differences(read(content)) == [
        "quality against onnxruntime fp32: accuracy -1.2 [-2.0, -0.4] percentage points: worse"
        " (360 samples, McNemar, p = 0.01)",
        "quality against the float model: not compared: not finite",
    ]
    assert quality_against(read(content)) == "-1.2 [-2.0, -0.4] percentage points: worse"


def test_a_difference_in_quality_without_an_interval_says_so() -> None:
    content = fixtures.measured("20261121T094600-0000000b", fixtures.spec(precision="int8"), fixtures.spec(), "", 1.43)
    few = {"difference": 0.0041, "low": None, "high": None, "verdict": "can't be told", "method": "too few samples: m"}
    content["quality"] = {"metric": "mae_ppm", "samples": 5, "vs_baseline": few}
    assert quality_against(read(content)) == "+0.00410 ppm (no interval: too few samples): can't be told"
