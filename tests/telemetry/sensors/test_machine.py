"""CPU time, frequency and temperature in fake trees, and on this machine."""

from __future__ import annotations

from pathlib import Path

from runner.hardware.sensor_reader import Reader
from runner.hardware.sensors import cpu, frequency, temperature
from tests.telemetry.trees import grow


def opened(found: Reader | str) -> Reader:
    assert isinstance(found, Reader), found
    return found


def test_busy_is_all_that_is_neither_idle_nor_waiting(tmp_path: Path):
    reader = opened(cpu.probe(grow(tmp_path, {"proc/stat": "cpu  0 0 0 0 0 0 0 0 0 0"})))
    grow(tmp_path, {"proc/stat": "cpu  10 5 5 60 15 1 1 3 10 0"})
    assert reader.read() == {"cpu_percent": 25.0}


def test_this_machine_has_cpu_times():
    assert opened(cpu.probe(Path("/"))).signals == ("cpu_percent",)


def test_frequencies_of_cpufreq(tmp_path: Path):
    home = "sys/devices/system/cpu"
    files = {f"{home}/cpu0/cpufreq/scaling_cur_freq": 1_000_000, f"{home}/cpu10/cpufreq/scaling_cur_freq": 2_000_000}
    reader = opened(frequency.probe(grow(tmp_path, files)))
    assert reader.read() == {"cpu_mhz": 1500, "cpu_min_mhz": 1000, "cpu_max_mhz": 2000}


def test_frequencies_of_cpuinfo(tmp_path: Path):
    grow(tmp_path, {"proc/cpuinfo": "processor : 0\ncpu MHz\t\t: 2596.5\n\nprocessor : 1\ncpu MHz\t\t: 2600.5"})
    reader = opened(frequency.probe(tmp_path))
    assert reader.read() == {"cpu_mhz": 2598.5, "cpu_min_mhz": 2596.5, "cpu_max_mhz": 2600.5}


def test_no_frequency_is_a_reason(tmp_path: Path):
    assert frequency.probe(tmp_path) == "neither cpufreq in /sys nor `cpu MHz` in /proc/cpuinfo"


def test_zones_and_processors_by_name(tmp_path: Path):
    zones = "sys/class/thermal/thermal_zone"
    files = {f"{zones}{n}/{k}": v for n in (0, 1) for k, v in (("type", "acpitz"), ("temp", 40_000 + 500 * n))}
    files |= {"sys/class/hwmon/hwmon0/name": "k10temp", "sys/class/hwmon/hwmon0/temp1_input": 61_250}
    files |= {"sys/class/hwmon/hwmon1/name": "nvme", "sys/class/hwmon/hwmon1/temp1_input": 1}
    reader = opened(temperature.probe(grow(tmp_path, files)))
    assert reader.read() == {"acpitz_c": 40.0, "acpitz_2_c": 40.5, "k10temp_c": 61.25}


def test_a_zone_that_is_switched_off_is_left_out(tmp_path: Path):
    zone = "sys/class/thermal/thermal_zone0"
    reader = opened(temperature.probe(grow(tmp_path, {f"{zone}/type": "GPU-therm", f"{zone}/temp": -256_000})))
    assert reader.signals == ("GPU_therm_c",)
    assert reader.read() == {}
