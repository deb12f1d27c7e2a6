"""NVML and HailoRT: what we ask of them, against doubles; and their absence, for real where they are absent."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runner.hardware.sensor_reader import Meter, Reader
from runner.hardware.sensors import hailo, nvml
from tests.conftest import REPOSITORY
from tests.telemetry.sensors import doubles


def opened(found: Reader | str) -> Reader:
    assert isinstance(found, Reader), found
    return found


def test_a_gpus_energy_counter_is_its_meter(monkeypatch: pytest.MonkeyPatch):
    # Read once to see that it can be, once as the beginning, then for a sample.
    monkeypatch.setitem(sys.modules, "pynvml", doubles.nvml(70_500, [1_000, 1_000, 4_500]))
    reader = opened(nvml.probe(Path("/")))
    assert reader.meter == Meter(("gpu0_j",), "NVML gpu0")
    assert reader.read() == {
        "gpu0_w": 70.5,
        "gpu0_j": 3.5,
        "gpu0_c": 45,
        "gpu0_mhz": 1410,
        "gpu0_percent": 37,
        "gpu0_mb": 2,
    }


def test_a_gpu_without_a_counter_has_its_power(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pynvml", doubles.nvml(70_500, None))
    reader = opened(nvml.probe(Path("/")))
    assert reader.meter == Meter(("gpu0_w",), "NVML gpu0")
    assert "gpu0_j" not in reader.read()


def test_a_driver_that_is_missing_is_a_reason(monkeypatch: pytest.MonkeyPatch):
    module = doubles.nvml(0, None)

    def missing() -> None:
        raise doubles.NVMLError("Driver Not Loaded")

    module.nvmlInit = missing
    monkeypatch.setitem(sys.modules, "pynvml", module)
    assert nvml.probe(Path("/")) == "NVML: Driver Not Loaded"


def test_a_hailo_board_with_a_monitor(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "hailo_platform", doubles.hailo(True))
    reader = opened(hailo.probe(Path("/")))
    assert reader.read() == {"hailo_c": 51.5, "hailo_w": 2.5}
    assert reader.meter is not None and reader.meter.signals == ("hailo_w",)


def test_a_hailo_board_without_one_has_no_power(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "hailo_platform", doubles.hailo(False))
    reader = opened(hailo.probe(Path("/")))
    assert reader.read() == {"hailo_c": 51.5}
    assert reader.meter is None


@pytest.mark.parametrize(("probe", "module"), [(nvml.probe, "pynvml"), (hailo.probe, "hailo_platform")])
def test_without_the_library_it_says_what_to_install(probe, module: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    assert "is not installed" in probe(Path("/"))


def test_nvml_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert nvml.probe(Path("/")) == "nvidia-ml-py is not installed (pip install 'edge-runner[nvidia]')"
    described = (REPOSITORY / "pyproject.toml").read_text()
    core, extras = described.split("[project.optional-dependencies]")
    assert "nvidia-ml-py" not in core
    assert '\nnvidia = ["nvidia-ml-py' in extras
