"""What a finding rests on, in lines."""

from __future__ import annotations

from typing import Any

from runner.report import caveats
from runner.results import record_schema
from runner.results.record_schema import Result
from tests.report import fixtures

FLAGGED = [{"pair": 3, "reasons": ["the processor throttled (2 times)", "96 °C"]}]


def of(validity: dict[str, Any] | None = None, **compared: Any) -> Result:
    content = fixtures.measured("20261121T090100-00000001", fixtures.spec(), fixtures.spec(), "", 1.0)
    content["comparison"] |= compared
    return record_schema.read({**content, "validity": validity})


def test_where_the_noise_floor_comes_from() -> None:
    floor = {"value": 0.0134, "source": "calibrated 2026-11-21 on this machine, 40 pairs, age 3 days"}
    assert caveats.lines(of(floor=floor)) == [
        "noise floor: 1.3 % (calibrated 2026-11-21 on this machine, 40 pairs, age 3 days)"
    ]


def test_a_machine_without_a_calibration_is_told_how() -> None:
    floor = {"value": 0.01, "source": "measure.floor; this machine is not calibrated"}
    assert caveats.lines(of(floor=floor)) == [
        "noise floor: 1 % (measure.floor; this machine is not calibrated: python -m runner calibrate)"
    ]


def test_the_result_without_flagged_pairs_stands_beside() -> None:
    without = {"ratio": 1.021, "low": 1.01, "high": 1.032, "verdict": "faster", "pairs": 7, "flagged": FLAGGED}
    assert caveats.lines(of(without_flagged=without)) == [
        "without the flagged pairs: 1.021× [1.010, 1.032]: faster (7 pairs)",
        "flagged: pair 3: the processor throttled (2 times); 96 °C",
    ]


def test_where_every_pair_is_flagged_there_is_nothing_beside() -> None:
    without = {"ratio": None, "low": None, "high": None, "verdict": None, "pairs": 0, "flagged": FLAGGED}
    assert caveats.lines(of(without_flagged=without))[0] == "without the flagged pairs: no pair is left"


def test_valid_or_not_comes_first() -> None:
    found = of({"verdict": "INVALID", "reason": "8 pairs of at least 20"})
    assert caveats.lines(found) == ["INVALID: 8 pairs of at least 20"]
    assert caveats.lines(of()) == []
