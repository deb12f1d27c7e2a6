"""RAPL counters in a fake /sys/class/powercap."""

from __future__ import annotations

from pathlib import Path

from runner.hardware.sensor_reader import Meter, Reader
from runner.hardware.sensors import rapl
from tests.telemetry.trees import grow

HOME = "sys/class/powercap"
NAMES = {
    "intel-rapl:0": "package-0",
    "intel-rapl:0:0": "core",
    "intel-rapl:0:1": "dram",
    "intel-rapl:1": "psys",
    "intel-rapl-mmio:0": "package-0",
}


def zones(root: Path, **energy: int) -> Path:
    """Every zone at 0 µJ, those named by `energy` (`core=5`) at their own."""
    grow(root, {f"{HOME}/intel-rapl/enabled": 1})
    for zone, name in NAMES.items():
        value = energy.get(name.partition("-")[0], 0)
        grow(root, {f"{HOME}/{zone}/name": name, f"{HOME}/{zone}/energy_uj": value})
        grow(root, {f"{HOME}/{zone}/max_energy_range_uj": 1_000_000})
    return root


def opened(root: Path) -> Reader:
    found = rapl.probe(root)
    assert isinstance(found, Reader), found
    return found


def test_joules_count_from_the_first_reading(tmp_path: Path):
    reader = opened(zones(tmp_path, package=400_000))
    zones(tmp_path, package=650_000, dram=50_000)
    assert reader.read() == {"package_0_j": 0.25, "core_0_j": 0.0, "dram_0_j": 0.05, "psys_j": 0.0}


def test_a_counter_that_began_again_at_zero_goes_on(tmp_path: Path):
    reader = opened(zones(tmp_path, package=900_000))
    zones(tmp_path, package=100_000)
    assert reader.read()["package_0_j"] == 0.2
    zones(tmp_path, package=300_000)
    assert reader.read()["package_0_j"] == 0.4
    zones(tmp_path, package=200_000)
    assert reader.read()["package_0_j"] == 1.3


def test_packages_and_dram_add_up_cores_and_the_platform_do_not(tmp_path: Path):
    reader = opened(zones(tmp_path))
    assert reader.meter == Meter(("package_0_j", "dram_0_j"), "RAPL package_0 + dram_0")


def test_a_machine_without_zones_says_so(tmp_path: Path):
    assert rapl.probe(tmp_path) == "no RAPL zone in /sys/class/powercap (usual in a virtual machine, and on Arm)"


def test_counters_that_cannot_be_read_say_what_to_type(tmp_path: Path):
    # A folder in the counter's place can't be read by anyone, root included.
    (tmp_path / HOME / "intel-rapl:0/energy_uj").mkdir(parents=True)
    found = rapl.probe(tmp_path)
    assert found == "RAPL's energy_uj is not for this user: sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj"
