"""INA chips in a fake /sys/class/hwmon."""

from __future__ import annotations

from pathlib import Path

from runner.hardware.sensor_reader import Meter, Reader
from runner.hardware.sensors import ina
from tests.telemetry.trees import grow

CHIP = "sys/class/hwmon/hwmon3"


def opened(root: Path) -> Reader:
    found = ina.probe(root)
    assert isinstance(found, Reader), found
    return found


def test_a_chip_that_reckons_power_itself(tmp_path: Path):
    reader = opened(grow(tmp_path, {f"{CHIP}/name": "ina226", f"{CHIP}/power1_input": 3_250_000}))
    assert reader.read() == {"ina226_hwmon3_1_w": 3.25}


def test_voltage_times_current_where_it_does_not(tmp_path: Path):
    volts = {f"{CHIP}/in1_input": 5000, f"{CHIP}/curr1_input": 800, f"{CHIP}/in1_label": "VDD_IN"}
    other = {f"{CHIP}/in2_input": 1000, f"{CHIP}/curr2_input": 900, f"{CHIP}/in2_label": "VDD_SOC"}
    reader = opened(grow(tmp_path, {f"{CHIP}/name": "ina3221", **volts, **other}))
    assert reader.read() == {"VDD_IN_w": 4.0, "VDD_SOC_w": 0.9}
    assert reader.meter == Meter(("VDD_IN_w",), "INA VDD_IN", whole=True)


def test_shunt_voltages_and_sums_of_an_ina3221_are_no_channels(tmp_path: Path):
    files = {f"{CHIP}/in1_input": 5000, f"{CHIP}/curr1_input": 800, f"{CHIP}/in4_input": 8, f"{CHIP}/curr4_input": 800}
    reader = opened(grow(tmp_path, {f"{CHIP}/name": "ina3221", **files}))
    assert list(reader.read()) == ["ina3221_hwmon3_1_w"]


def test_a_channel_that_goes_away_is_left_out(tmp_path: Path):
    reader = opened(grow(tmp_path, {f"{CHIP}/name": "ina226", f"{CHIP}/power1_input": 1}))
    (tmp_path / CHIP / "power1_input").unlink()
    assert reader.read() == {}


def test_other_chips_are_not_taken_for_one(tmp_path: Path):
    grow(tmp_path, {f"{CHIP}/name": "nvme", f"{CHIP}/power1_input": 1})
    assert ina.probe(tmp_path) == "no INA power monitor in /sys/class/hwmon"
