"""Rows in batches have the time of a sample, and are ranked among rows of their own batch size alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.report import summary
from runner.report.views import table
from runner.results import comparison, per_sample, records
from runner.results.comparison import Comparison
from tests.report import fixtures
from tests.report.fixtures import measured, spec

ORT = "onnxruntime fp32"


def offline(batch: int, **choices: str) -> dict[str, Any]:
    found = spec(scenario="offline", **choices)
    found["scenario"]["batch"] = batch
    return found


def alone(number: int, batch: int, **changes: Any) -> dict[str, Any]:
    content = measured(
        f"20261121T0901{number:02d}-{number:08x}", offline(batch), spec(), ORT, 1.0, spec_key=str(number)
    )
    return {**content, "comparison": None, **changes}


@pytest.fixture
def found(tmp_path: Path) -> Comparison:
    for content in (alone(1, 1), alone(2, 32)):
        fixtures.write(tmp_path, content)
    return comparison.compare(records.read_all(tmp_path), sort="latency/p50_ms")


def test_the_time_of_a_sample_is_that_of_a_batch_over_its_samples() -> None:
    known = {"latency/p50_ms": 32.0, "latency/p50_ms_low": 16.0, "latency/p50_ms_high": 64.0}
    assert per_sample.with_time(known, offline(32)) == {
        **known,
        "latency/p50_ms_per_sample": 1.0,
        "latency/p50_ms_per_sample_low": 0.5,
        "latency/p50_ms_per_sample_high": 2.0,
    }


def test_one_sample_at_a_time_has_it_already() -> None:
    single = spec()
    single["scenario"]["batch"] = 1
    for one in (single, spec()):
        assert per_sample.with_time({"latency/p50_ms": 1.0}, one) == {"latency/p50_ms": 1.0}


def test_batch_sizes_are_not_ranked_among_each_other(found: Comparison) -> None:
    assert [row.group for row in found.rows] == ["compared with nothing, batch 1", "compared with nothing, batch 32"]


def test_a_table_with_batches_shows_time_a_sample_and_throughput(found: Comparison) -> None:
    shown = table.text(found)
    assert "p50 ms a sample [95 %]" in shown and "samples per s" in shown
    assert "0.0312 [0.0309, 0.0316]" in shown


def test_a_table_without_batches_does_not(tmp_path: Path) -> None:
    fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0))
    assert "a sample" not in table.text(comparison.compare(records.read_all(tmp_path)))


def test_a_run_and_a_page_show_it_for_both_sides(tmp_path: Path) -> None:
    content = measured("20261121T090100-00000001", offline(32), offline(32), ORT, 2.0)
    result = fixtures.write(tmp_path, content).result
    cells = dict(summary.figures(summary.sides(result), {}, []))["latency p50 a sample, ms"]
    assert cells == ["0.0156 [0.0155, 0.0158]", "0.0312 [0.0309, 0.0316]"]
