"""Power from INA chips (ina2xx, ina3221, …) in hwmon (Linux, Documentation/hwmon/ina2xx.rst and ina3221.rst)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from runner.hardware import procfs
from runner.hardware.sensor_reader import Reader
from runner.hardware.sensors import rails

CHANNELS = (1, 2, 3)  # from 4 on, an ina3221's `in` are shunt voltages and its `curr` a sum


@dataclass(frozen=True)
class _Channel:
    """Power in µW, or voltage in mV and current in mA."""

    power: Path | None
    voltage: Path
    current: Path

    def watts(self) -> float | None:
        if self.power is not None:
            microwatts = procfs.number(self.power)
            return None if microwatts is None else microwatts / 1e6
        millivolts, milliamperes = procfs.number(self.voltage), procfs.number(self.current)
        return None if millivolts is None or milliamperes is None else millivolts * milliamperes / 1e6


def probe(root: Path) -> Reader | str:
    """`<label>_w` of each channel, `<chip>_<hwmon>_<channel>_w` where it has no label."""
    chips = [chip for chip in procfs.entries(root / "sys/class/hwmon", "hwmon[0-9]*") if _is_ina(chip)]
    if not chips:
        return "no INA power monitor in /sys/class/hwmon"
    found = {_label(chip, number): _channel(chip, number) for chip in chips for number in CHANNELS}
    channels = {label: channel for label, channel in found.items() if channel.watts() is not None}
    if not channels:
        return "the INA power monitors in /sys/class/hwmon have no channel that can be read"
    signals = tuple(map(rails.signal, channels))
    return Reader("INA", signals, lambda: _read(channels), rails.meter(list(channels), "INA"))


def _is_ina(chip: Path) -> bool:
    return (procfs.line(chip / "name") or "").startswith("ina")


def _channel(chip: Path, number: int) -> _Channel:
    power = chip / f"power{number}_input"
    has_power = procfs.number(power) is not None
    return _Channel(power if has_power else None, chip / f"in{number}_input", chip / f"curr{number}_input")


def _label(chip: Path, number: int) -> str:
    labels = [procfs.line(chip / f"{kind}{number}_label") for kind in ("power", "in", "curr")]
    name = next((label for label in labels if label), f"{procfs.line(chip / 'name')}_{chip.name}_{number}")
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")


def _read(channels: dict[str, _Channel]) -> dict[str, float]:
    return {rails.signal(label): watts for label, one in channels.items() if (watts := one.watts()) is not None}
