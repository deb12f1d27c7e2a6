"""The noise floor: from the pairs of an A/A, kept with the machine's identity, with its age."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.execution import doctor
from runner.hardware import detect
from runner.results import calibration
from runner.results.calibration import Calibration
from tests.measure.test_settings import shipped

DATE = "2026-11-21T09:00:00+00:00"
LATER = datetime(2026, 11, 24, 10, tzinfo=timezone.utc)


def calibrated(floor: float = 0.012, identity: str = "abc", date: str = DATE) -> Calibration:
    return Calibration(date, identity, floor, 40, 1.001, 0.996, 1.006, 0.01, "gru fp32 onnxruntime", "id")


def test_the_floor_is_what_19_of_20_comparisons_of_identical_sides_stay_below():
    logs = np.random.default_rng(1).normal(0, 0.02, size=400)
    settings = shipped("standard", max_pairs=8, min_pairs=8)  # always eight pairs: no stopping rule in the way
    estimates = np.random.default_rng(2).normal(0, 0.02, size=(4000, 8))
    expected = np.quantile(
        [abs(np.median([(a + b) / 2 for i, a in enumerate(x) for b in x[i:]])) for x in estimates], 0.95
    )
    assert calibration.floor_of(logs, settings) == pytest.approx(np.expm1(expected), rel=0.12)


def test_a_noisier_machine_has_a_higher_floor_and_a_silent_one_the_least():
    settings = shipped("standard")
    quiet, noisy = (calibration.floor_of(np.random.default_rng(0).normal(0, sd, 40), settings) for sd in (0.005, 0.02))
    assert noisy > 2 * quiet
    assert calibration.floor_of(np.zeros(40), settings) == calibration.LEAST


def test_which_side_is_called_the_candidate_does_not_matter():
    logs = np.random.default_rng(3).normal(0.01, 0.01, 40)
    settings = shipped("standard")
    assert calibration.floor_of(logs, settings) == pytest.approx(calibration.floor_of(-logs, settings), rel=1e-9)


def test_a_calibration_says_what_the_pairs_said():
    logs = np.random.default_rng(4).normal(0, 0.01, 40)
    found = calibration.from_pairs(logs, shipped("standard"), "abc", DATE, "gru", "id")
    assert (found.pairs, found.identity, found.date, found.record_id) == (40, "abc", DATE, "id")
    assert found.low <= found.ratio <= found.high
    assert found.spread == pytest.approx(0.01, rel=0.5)


def test_calibrations_are_appended_and_the_latest_counts(tmp_path: Path):
    for floor in (0.012, 0.02):
        file = calibration.add(tmp_path, calibrated(floor), {"cpu": "x"})
    assert file == tmp_path / "calibration/abc.json"
    content = json.loads(file.read_text())
    assert [one["floor"] for one in content["calibrations"]] == [0.012, 0.02]
    assert content["hardware"] == {"cpu": "x"}
    assert calibration.latest(tmp_path, "abc") == calibrated(0.02)


def test_another_machine_has_none(tmp_path: Path):
    calibration.add(tmp_path, calibrated(), {})
    assert calibration.latest(tmp_path, "def") is None
    assert calibration.noise_floor(tmp_path, "def") is None


def test_a_run_is_told_the_floor_and_its_age(tmp_path: Path):
    calibration.add(tmp_path, calibrated(), {})
    found = calibration.noise_floor(tmp_path, "abc", LATER)
    assert found is not None
    assert (found.value, found.source) == (0.012, "calibrated 2026-11-21 on this machine, 40 pairs, age 3 days")


def test_an_old_calibration_says_so():
    told = calibration.source(calibrated(), datetime(2027, 1, 21, tzinfo=timezone.utc))
    assert told.endswith("age 60 days; old: python -m runner calibrate")


@pytest.mark.parametrize("text", ["{", "{}", '{"calibrations": [{"floor": 1}]}'])
def test_a_damaged_file_is_named(text: str, tmp_path: Path):
    file = calibration.path(tmp_path, "abc")
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(SpecError, match=r"abc.json: not a calibration"):
        calibration.read(tmp_path, "abc")


def test_the_doctor_shows_it_with_its_age(tmp_path: Path):
    here = detect.detect()
    assert doctor.calibrated(tmp_path, here).status == "skip"
    calibration.add(tmp_path, calibrated(identity=here.identity), {})
    check = doctor.calibrated(tmp_path, here)
    assert (check.status, check.data["floor"]) == ("pass", 0.012)
    assert check.detail.startswith("noise floor 1.20 %, calibrated 2026-11-21 on this machine, 40 pairs")
