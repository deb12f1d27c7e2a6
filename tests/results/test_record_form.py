"""The form that every record has: what tables, pages and sweeps rely on."""

from __future__ import annotations

from typing import Any

import pytest

from runner.results import record_shape
from tests.report import fixtures

SOUND: dict[str, Any] = fixtures.measured(
    "20260101T000000-00000000", fixtures.spec(precision="int8"), fixtures.spec(), "onnxruntime fp32", 1.2
)


def test_a_record_of_a_run_has_the_form() -> None:
    assert record_shape.fault(SOUND) == ""


@pytest.mark.parametrize("key", ["keys", "notes", "effective", "checks", "outliers", "validity", "quality", "warnings"])
def test_what_older_versions_lacked_may_be_missing(key: str) -> None:
    assert record_shape.fault({name: value for name, value in SOUND.items() if name != key}) == ""


ODD: dict[str, dict[str, Any]] = {
    "effective.candidate.quantized.Conv.0": {"effective": {"candidate": {"quantized": {"Conv": ["a", 1]}}}},
    "effective.candidate.precision": {"effective": {"candidate": {"precision": "int8"}}},
    "checks.candidate.repeats": {"checks": {"candidate": {"repeats": 1}}},
    "comparison.confidence": {"comparison": {**SOUND["comparison"], "confidence": "95"}},
    "comparison": {"comparison": {**SOUND["comparison"], "low": 9.0}},
    "quality.vs_float.difference": {"quality": {"metric": "mae", "samples": 3, "vs_float": {"low": 1}}},
    "metrics.latency/p50_ms": {"metrics": {"latency/p50_ms": 10**400}},
    "outliers.rule": {"outliers": {"pairs": {"count": 1, "of": 9}}},
    "quality": {"quality": ["mae"]},
    "quality.vs_baseline": {"quality": {"metric": "mae", "samples": 3, "vs_baseline": 1}},
    "imported.source": {"origin": "imported", "imported": {}},
    "spec.scenario.batch": {"spec": {**SOUND["spec"], "scenario": {"name": "offline", "batch": "32"}}},
    "imported": {"origin": "imported", "imported": None},
    "date": {"date": "2026-01-01T00:00:00"},
}


@pytest.mark.parametrize("place", ODD)
def test_what_is_odd_is_named(place: str) -> None:
    assert record_shape.fault({**SOUND, **ODD[place]}) == f"has no usable '{place}'"
