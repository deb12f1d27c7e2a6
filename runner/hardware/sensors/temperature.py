"""Temperatures: the kernel's thermal zones, and the processor's own sensors in hwmon."""

from __future__ import annotations

import re
from pathlib import Path

from runner.hardware import procfs
from runner.hardware.sensor_reader import Reader

PROCESSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
INVALID_C = -256.0  # what Tegra's driver says of a part that is switched off


def probe(root: Path) -> Reader | str:
    """`<zone>_c` of each thermal zone and of each processor's first hwmon temperature."""
    paths: dict[str, Path] = {}
    for path in [*_zones(root), *_processors(root)]:
        if procfs.number(path) is not None:
            paths[_unique(_name(path), paths)] = path
    if not paths:
        return "no thermal zone in /sys/class/thermal, no processor in /sys/class/hwmon (usual in a virtual machine)"
    return Reader("temperature", tuple(paths), lambda: _read(paths))


def _zones(root: Path) -> list[Path]:
    return procfs.entries(root / "sys/class/thermal", "thermal_zone[0-9]*/temp")


def _processors(root: Path) -> list[Path]:
    chips = procfs.entries(root / "sys/class/hwmon", "hwmon[0-9]*")
    return [chip / "temp1_input" for chip in chips if procfs.line(chip / "name") in PROCESSORS]


def _name(path: Path) -> str:
    kind = procfs.line(path.parent / ("type" if path.name == "temp" else "name")) or path.parent.name
    return re.sub(r"[^A-Za-z0-9]+", "_", kind).strip("_")


def _unique(name: str, taken: dict[str, Path]) -> str:
    names = [f"{name}_c", *(f"{name}_{number}_c" for number in range(2, len(taken) + 3))]
    return next(one for one in names if one not in taken)


def _read(paths: dict[str, Path]) -> dict[str, float]:
    celsius = {name: value / 1000 for name, path in paths.items() if (value := procfs.number(path)) is not None}
    return {name: value for name, value in celsius.items() if value > INVALID_C}
