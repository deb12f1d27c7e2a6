"""Which noise floor a comparison of stored records uses, and its one wording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.hardware import detect
from runner.measure.noise_floor import NoiseFloor
from runner.report import caveats, report_model
from runner.report.views.table import text
from runner.results import calibration, comparison, noise_floor, record_diff, record_schema, records
from runner.results.calibration import Calibration
from tests.report import fixtures
from tests.report.fixtures import measured, spec

IDENTITY = "a1b2c3d4e5f6"


def content(number: int, label: str = "onnxruntime fp32", identity: str = IDENTITY, **of: str) -> dict[str, Any]:
    made = measured(
        f"20261121T0901{number:02}-0000000{number}", spec(**of), spec(backend=label.split()[0]), label, 1.05
    )
    made["environment"] = {**made["environment"], "hardware": {**fixtures.HARDWARE, "identity": identity}}
    return made


def calibrated(root: Path, identity: str, value: float) -> None:
    made = Calibration("2026-11-20T10:00:00+00:00", identity, value, 40, 1.0, 0.99, 1.01, 0.005, "gru fp32", "id")
    calibration.add(root, made, {"cpu": "any"})


def test_a_machine_s_calibration_comes_before_what_the_record_says_and_that_before_the_setting() -> None:
    made = content(1)
    assert noise_floor.of_record(record_schema.read(made), {}) == NoiseFloor(
        0.01, "measure.floor; its machine is not calibrated"
    )
    made["comparison"]["floor"] = {"value": 0.02, "source": "calibrated 2026-11-01 on this machine, 40 pairs, today"}
    assert noise_floor.of_record(record_schema.read(made), {}) == NoiseFloor(
        0.02, f"calibrated 2026-11-01 on this machine, 40 pairs, today, says record {made['record_id']}"
    )
    here = NoiseFloor(0.013, "calibrated 2026-11-20")
    assert noise_floor.of_record(record_schema.read(made), {IDENTITY: here, "other": NoiseFloor(0.5, "x")}) == here


def test_of_two_machines_the_larger_floor_counts() -> None:
    pair = content(1, identity="one"), content(2, identity="two")
    floors = {"one": NoiseFloor(0.004, "calm"), "two": NoiseFloor(0.03, "noisy")}
    assert noise_floor.between(*map(record_schema.read, pair), floors).source == "noisy"


def test_the_floors_of_a_project_say_which_machine_they_are_of(tmp_path: Path) -> None:
    here = detect.detect().identity
    calibrated(tmp_path, here, 0.02)
    calibrated(tmp_path, "bbbbbbbbbbbb", 0.03)
    found = calibration.noise_floors(tmp_path)
    assert {one: made.value for one, made in found.items()} == {here: 0.02, "bbbbbbbbbbbb": 0.03}
    assert found[here].source.startswith("calibrated 2026-11-20 on this machine, 40 pairs")
    assert found["bbbbbbbbbbbb"].source.startswith("calibrated 2026-11-20 on machine bbbbbbbbbbbb, 40 pairs")
    assert calibration.noise_floors(tmp_path / "none") == {}


def test_a_damaged_calibration_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "x.json").write_text("[]")
    with pytest.raises(SpecError, match=r"x\.json: not a calibration"):
        calibration.noise_floors(tmp_path)


@pytest.mark.parametrize(("value", "verdict"), [(0.004, "faster"), (0.2, "ambiguous")])
def test_an_unpaired_row_uses_the_calibrated_floor_and_says_so(tmp_path: Path, value: float, verdict: str) -> None:
    # The candidate of 2 takes 1/1.1 ms, the baseline of 1 takes 1 ms: 10 % apart.
    fixtures.write(tmp_path, content(1, precision="int8_dynamic"))
    other = content(2, label="openvino fp32", precision="fp16")
    other["metrics"]["latency/p50_ms"] = 1 / 1.1
    fixtures.write(tmp_path, other)
    calibrated(tmp_path, IDENTITY, value)
    every, floors = records.read_all(tmp_path), calibration.noise_floors(tmp_path)
    found = comparison.compare(every, baseline="onnxruntime fp32", calibrated=floors)
    row = next(row.against for row in found.rows if row.against and row.against.kind == "unpaired")
    assert row.floor is not None
    assert (row.verdict, row.floor.value) == (verdict, value)
    assert f"Not paired, noise floor: {100 * value:.2g} % (calibrated 2026-11-20 on machine {IDENTITY}" in text(found)


def test_two_records_side_by_side_use_it_too(tmp_path: Path) -> None:
    pair = [fixtures.write(tmp_path, content(number, precision="int8_dynamic")) for number in (1, 2)]
    floors = {IDENTITY: NoiseFloor(0.07, "calibrated")}
    assert record_diff.beside(pair[0], pair[1], floors).comparison.floor == NoiseFloor(0.07, "calibrated")


def test_page_and_run_end_word_it_alike(tmp_path: Path) -> None:
    made = content(1)
    made["comparison"]["floor"] = {"value": 0.0134, "source": "calibrated 2026-11-20"}
    told = next(iter(caveats.floor(record_schema.read(made))))
    assert told == "noise floor: 1.3 % (calibrated 2026-11-20)"
    asides = report_model.collect(fixtures.write(tmp_path, made)).asides
    assert f"{told[0].upper()}{told[1:]}." in asides
