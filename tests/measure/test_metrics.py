"""Figures that say what they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runner.measure import metrics
from runner.measure.metrics import AbsentFigure, MeasuredFigure
from runner.measure.statistics import Interval
from runner.telemetry.energy import Energy
from runner.telemetry.summary import Observed

EXPECTED = {
    *(f"latency/{name}_ms" for name in ("p50", "p90", "p95", "p99", "mean", "std", "min", "max")),
    *(f"latency/{name}_ms_{end}" for name in ("p50", "p90", "p95", "p99") for end in ("low", "high")),
    "throughput/per_s",
    "memory/peak_rss_mb",
}


def of_side(samples: list[np.ndarray], batch: int = 1, memory: str = "host") -> list[metrics.Metric]:
    peaks = [50.0, 52.0][: len(samples)] or [50.0]
    return metrics.of_side(samples, peaks, batch, seed=0, confidence=0.95, memory=memory, at_once=1)


def test_nobody_else_makes_a_measurement():
    with pytest.raises(TypeError, match="proof"):
        MeasuredFigure("latency/p50_ms", 1.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="only a benchmark makes a measurement"):
        MeasuredFigure("latency/p50_ms", 1.0, object())  # type: ignore[arg-type]


def test_latency_and_throughput_over_all_processes():
    found = metrics.numbers(of_side([np.array([1, 2, 3]) * 10**6, np.array([4, 10]) * 10**6], batch=8))
    assert set(found) == EXPECTED
    assert (found["latency/p50_ms"], found["latency/mean_ms"]) == (3, 4)
    assert (found["latency/min_ms"], found["latency/max_ms"]) == (1, 10)
    assert found["latency/std_ms"] == np.std([1, 2, 3, 4, 10], ddof=1)
    assert found["throughput/per_s"] == 8 / 0.004
    assert found["memory/peak_rss_mb"] == 52


def test_a_percentile_of_too_few_samples_says_so():
    notes = metrics.notes(of_side([np.arange(1, 101) * 1000, np.arange(1, 51) * 1000]))
    assert notes == {"latency/p99_ms": "few samples (150; p99 needs 662)"}


def test_what_was_not_measured_is_absent_with_a_reason():
    reasons = metrics.reasons(of_side([np.arange(1, 2000)] * 2))
    assert set(reasons) == {"memory/peak_pss_mb", "memory/device_mb", "energy/mj_per_inference", "power/mean_w"}
    assert all(reasons.values())


@pytest.mark.parametrize(
    ("memory", "reason"),
    [
        ("host", "the session ran in host memory: memory/peak_rss_mb holds it"),
        ("cuda:0", "the session ran in the memory of cuda:0, which nothing measured"),
    ],
)
def test_where_the_memory_is_the_session_says(memory: str, reason: str) -> None:
    assert metrics.reasons(of_side([np.arange(1, 2000)], memory=memory))["memory/device_mb"] == reason


def test_one_process_has_no_interval():
    reasons = metrics.reasons(of_side([np.arange(1, 2000)]))
    assert reasons["latency/p50_ms_low"] == reasons["latency/p50_ms_high"] == "too few processes for an interval"


NOTHING = Observed("no sampler", 0, "no power sensor")
UNSEEN = {"candidate": NOTHING, "baseline": NOTHING}


def powered(joules: float) -> Observed:
    return Observed(12.5, 30, Energy(4.0, joules, 20, 4, "RAPL package_0"))


def test_what_the_sampler_saw_is_measured_with_what_it_covers():
    found = metrics.with_telemetry(of_side([np.arange(1, 2000)] * 2), powered(0.002), 1)
    numbers, notes = metrics.numbers(found), metrics.notes(found)
    assert numbers["memory/peak_pss_mb"] == 12.5
    assert numbers["energy/mj_per_inference"] == 2.0
    assert numbers["power/mean_w"] == 4.0
    assert notes["memory/peak_pss_mb"] == "a lower bound: the highest of 30 samples"
    assert notes["power/mean_w"] == "RAPL package_0, idle power included, 20 readings"


def test_what_the_sampler_did_not_see_keeps_its_reason():
    reasons = metrics.reasons(metrics.with_telemetry(of_side([np.arange(1, 2000)] * 2), NOTHING, 1))
    assert reasons["memory/peak_pss_mb"] == "no sampler"
    assert reasons["energy/mj_per_inference"] == reasons["power/mean_w"] == "no power sensor"


ONE = {"candidate": 1, "baseline": 1}


def test_the_energy_ratio_is_candidate_to_baseline():
    both = {"candidate": powered(0.002), "baseline": powered(0.008)}
    assert metrics.numbers([metrics.energy_ratio(both, ONE)]) == {"vs_baseline/energy_ratio": 0.25}
    half = {"candidate": powered(0.002), "baseline": NOTHING}
    assert metrics.reasons([metrics.energy_ratio(half, ONE)]) == {"vs_baseline/energy_ratio": "no power sensor"}


def test_energy_is_compared_by_a_sample():
    both = {"candidate": powered(0.016), "baseline": powered(0.008)}
    found = metrics.energy_ratio(both, {"candidate": 8, "baseline": 1})
    assert metrics.numbers([found]) == {"vs_baseline/energy_ratio": 0.25}


def test_the_speed_up_with_its_interval():
    found = metrics.of_comparison(Interval(1.43, 1.40, 1.46, 0.95), UNSEEN, ONE)
    assert metrics.numbers(found) == {
        "vs_baseline/speedup": 1.43,
        "vs_baseline/speedup_low": 1.40,
        "vs_baseline/speedup_high": 1.46,
    }


def test_too_few_pairs_have_a_speed_up_and_no_interval():
    found = metrics.of_comparison(Interval(1.43, 0.0, math.inf, 1.0), UNSEEN, ONE)
    assert metrics.numbers(found) == {"vs_baseline/speedup": 1.43}
    assert metrics.reasons(found)["vs_baseline/speedup_low"] == "too few pairs for an interval"


def test_without_a_baseline_there_is_no_speed_up():
    of_both = [*metrics.quality_delta({"mae": 1.0}, None, False, {}), metrics.size_ratio({}, None)]
    found = [*metrics.of_comparison(None, {}, {}), *of_both]
    assert metrics.numbers(found) == {}
    assert set(metrics.reasons(found).values()) == {"nothing to compare with: measured without a baseline"}


def test_the_quality_delta_is_of_the_first_figure():
    mine, theirs = {"mae_ppm": 1.5, "rmse_ppm": 2.0}, {"mae_ppm": 1.25, "rmse_ppm": 9.0}
    assert metrics.numbers(metrics.quality_delta(mine, theirs, True, {})) == {"vs_baseline/quality_delta": 0.25}


@pytest.mark.parametrize(
    ("candidate", "baseline", "reason"),
    [
        ({}, {}, "the data have no quality metric"),
        ({"accuracy": 0.9}, {"mae": 1.0}, "the baseline's data have no accuracy"),
        ({"mae": math.nan}, {"mae": 1.0}, "not finite (nan)"),
    ],
)
def test_why_there_is_no_quality_delta(candidate: dict[str, float], baseline: dict[str, float], reason: str):
    found = metrics.quality_delta(candidate, baseline, True, {})
    assert found == [AbsentFigure("vs_baseline/quality_delta", reason)]


def test_figures_that_are_not_finite_are_absent():
    found = metrics.of_outputs({"mae": math.nan, "rmse": 2.0}, {"max_abs_error": math.inf}, {"fidelity/sqnr_db": "why"})
    assert metrics.numbers(found) == {"quality/rmse": 2.0}
    assert metrics.reasons(found) == {
        "quality/mae": "not finite (nan)",
        "fidelity/max_abs_error": "not finite (inf)",
        "fidelity/sqnr_db": "why",
    }


def test_sizes_are_megabytes_of_a_million_bytes():
    size = {"file_bytes": 2_500_000, "gzip_bytes": 1_000_000}
    found = metrics.numbers(metrics.of_artifact(size, 1234, 1.5, 300.0))
    assert (found["size/file_mb"], found["size/gzip_mb"], found["size/nonzero_params"]) == (2.5, 1.0, 1234)
    assert metrics.numbers([metrics.size_ratio(size, {"file_bytes": 10_000_000})]) == {"vs_baseline/size_ratio": 0.25}


def test_a_time_of_inferences_that_overlapped_says_so() -> None:
    notes = metrics.notes(metrics.of_side([np.arange(1, 2000)], [1.0], 1, 0, 0.95, "host", at_once=3))
    assert notes["latency/p50_ms"] == "3 inferences at once: the time of all over their number"
    assert "throughput/per_s" not in notes
