"""tegrastats' lines, in all their variants, and a program that writes them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.hardware.sensor_reader import Reader
from runner.hardware.sensors import tegrastats
from runner.hardware.sensors.tegrastats import parse

JETPACK_6 = (
    "05-09-2026 18:42:06 RAM 18207/62841MB (lfb 466x4MB) SWAP 86/31420MB (cached 0MB) CPU [14%@2188,5%@2112] "
    "EMC_FREQ 3%@2133 GR3D_FREQ 0%@[0,0] NVENC 79%@166 NVDEC off VIC 36%@115 APE 174 cpu@52.562C tj@52.562C "
    "VDD_GPU_SOC 2412mW/2412mW VDD_CPU_CV 1607mW/1607mW VIN_SYS_5V0 4707mW/4707mW"
)


def test_a_line_of_jetpack_6():
    assert parse(JETPACK_6) == {
        "ram_mb": pytest.approx(18207 * 1.048576),
        "gpu_percent": 0,
        "gpu_mhz": 0,
        "tegra_cpu_percent": 9.5,
        "tegra_cpu_mhz": 2150,
        "cpu_c": 52.562,
        "tj_c": 52.562,
        "VDD_GPU_SOC_w": 2.412,
        "VDD_CPU_CV_w": 1.607,
        "VIN_SYS_5V0_w": 4.707,
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("GR3D_FREQ 10%@1300", {"gpu_percent": 10, "gpu_mhz": 1300}),
        ("GR3D_FREQ 0%@[305]", {"gpu_percent": 0, "gpu_mhz": 305}),
        ("GR3D_FREQ 7%@[305,306]", {"gpu_percent": 7, "gpu_mhz": 305}),
        ("GR3D_FREQ 99%", {"gpu_percent": 99}),
        ("CPU [20%@1000,off,40%@2000,off]", {"tegra_cpu_percent": 30, "tegra_cpu_mhz": 1500}),
        ("CPU [off,off]", {}),
        ("gpu@-256C cpu@41.5C", {"cpu_c": 41.5}),
        ("CV0@-256.000C", {}),
        ("iwlwifi@38C PMIC@50C", {"iwlwifi_c": 38, "PMIC_c": 50}),
        ("VDD_IN 4123mW/4000mW", {"VDD_IN_w": 4.123}),
        ("VDD_IN 4123mW/4000mW/5100mW", {"VDD_IN_w": 4.123}),
        ("VDD_IN 4123/4000 VDD_SOC 900/950", {"VDD_IN_w": 4.123, "VDD_SOC_w": 0.9}),
        ("SWAP 86/31420MB (cached 0MB) IRAM 0/252kB(lfb 252kB)", {}),
        ("", {}),
    ],
)
def test_variants(text: str, found: dict[str, float]):
    assert parse(text) == found


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    file = folder / "tegrastats"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_the_input_rail_is_the_whole_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    line = "RAM 1/2MB VDD_IN 4123mW/4000mW VDD_CPU_GPU_CV 900mW/900mW VDD_SOC 800mW/800mW"
    program(tmp_path, monkeypatch, f"while :; do echo '{line}'; sleep 0.02; done")
    found = tegrastats.probe(tmp_path)
    assert isinstance(found, Reader)
    try:
        assert found.meter is not None and found.meter.whole
        assert found.meter.signals == ("VDD_IN_w",)
        deadline = time.monotonic() + 10
        while not (seen := found.read()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert seen["VDD_IN_w"] == 4.123
    finally:
        found.close()


def test_rails_without_an_input_add_up_and_none_is_counted_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path, monkeypatch, f"echo '{JETPACK_6} VDDQ_VDD2_1V8AO 500mW/500mW'; sleep 60")
    found = tegrastats.probe(tmp_path)
    assert isinstance(found, Reader) and found.meter is not None
    found.close()
    assert found.meter.signals == ("VDD_GPU_SOC_w", "VDD_CPU_CV_w", "VIN_SYS_5V0_w")


def test_a_program_that_says_nothing_is_no_sensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path, monkeypatch, "exit 1")
    assert "wrote no line that names a value" in str(tegrastats.probe(tmp_path))


def test_elsewhere_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tegrastats.probe(tmp_path) == "no tegrastats on the PATH: this is no Jetson"
