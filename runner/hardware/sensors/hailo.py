"""Hailo's accelerators, through HailoRT's Python binding; it alone reads their power and temperature."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from runner.hardware.sensor_reader import Meter, Reader

SIGNALS = ("hailo_c", "hailo_w")


def probe(root: Path) -> Reader | str:
    """`hailo_c` (the hotter of two), `hailo_w` on boards with an INA231: M.2 modules of the 8L have none."""
    try:
        platform: Any = importlib.import_module("hailo_platform")
    except ImportError:
        return "hailo_platform is not installed (HailoRT's Python package)"
    try:
        device = platform.Device()
        features = device.control.get_extended_device_information().supported_features
    except Exception as error:  # HailoRTException, and what it wraps
        return f"no Hailo device could be opened: {error}"
    control, powered = device.control, bool(features.current_monitoring)
    signals = SIGNALS if powered else SIGNALS[:1]
    # Its power alone leaves out the host, which works too: the scope says so.
    meter = Meter(("hailo_w",), "Hailo accelerator (without its host)") if powered else None
    return Reader("Hailo", signals, lambda: _read(control, powered), meter, device.release)


def _read(control: Any, powered: bool) -> dict[str, float]:
    chip = control.get_chip_temperature()
    found = {"hailo_c": max(float(chip.ts0_temperature), float(chip.ts1_temperature))}
    return found | ({"hailo_w": float(control.power_measurement())} if powered else {})
