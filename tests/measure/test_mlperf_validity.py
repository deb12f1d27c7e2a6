"""VALID or INVALID, and why."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runner.measure import mlperf_validity
from runner.measure.settings import Settings

MakeSettings = Callable[..., Settings]
PASSED = {"candidate": {"finite": {"status": "passed", "reason": "outputs were finite in every burst"}}}


def found(pairs: int, iterations: int, seconds: float, checks: Any = PASSED) -> Any:
    """A benchmark of so many pairs, each with `iterations` of the candidate that took `seconds` together."""
    ns = np.full(iterations, seconds * 1e9 / iterations)
    pair = SimpleNamespace(sides={"candidate": SimpleNamespace(ns=ns)})
    return SimpleNamespace(pairs=[pair] * pairs, checks=checks)


def test_twenty_pairs_of_thirty_seconds_are_valid(measure: MakeSettings):
    told = mlperf_validity.judge(found(20, 1000, 30.0), measure("publish"), "single_stream", 1)
    assert told == {
        "verdict": "VALID",
        "reason": "20 pairs, 600 s of timed work of the candidate, every check passed",
    }


def test_the_shipped_option_asks_for_enough(measure: MakeSettings):
    publish = measure("publish")
    assert publish.valid_seconds == 600
    assert publish.min_pairs >= mlperf_validity.LEAST_PAIRS
    assert publish.min_pairs * publish.min_seconds >= publish.valid_seconds


@pytest.mark.parametrize(
    ("benchmark", "scenario", "batch", "reason"),
    [
        (found(12, 1000, 60.0), "single_stream", 1, "12 pairs of at least 20 (measure.min_pairs)"),
        (
            found(20, 1000, 1.0),
            "single_stream",
            1,
            "20 s of timed work of the candidate of at least 600 (measure.min_seconds)",
        ),
        (found(20, 10, 30.0), "offline", 32, "6400 samples of at least 24576 (measure.iterations)"),
        (
            found(20, 1000, 30.0, {"candidate": {"repeats": {"status": "failed", "reason": "it remembers"}}}),
            "single_stream",
            1,
            "check failed: the candidate's it remembers",
        ),
    ],
)
def test_what_makes_it_invalid(measure: MakeSettings, benchmark: Any, scenario: str, batch: int, reason: str):
    told = mlperf_validity.judge(benchmark, measure("publish"), scenario, batch)
    assert told == {"verdict": "INVALID", "reason": reason}


def test_nobody_asks_of_a_standard_run(measure: MakeSettings):
    assert mlperf_validity.judge(found(3, 10, 1.0), measure("standard"), "single_stream", 1) is None
