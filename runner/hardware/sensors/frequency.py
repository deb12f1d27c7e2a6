"""The CPUs' frequency: cpufreq, else /proc/cpuinfo."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

from runner.hardware import procfs
from runner.hardware.sensor_reader import Reader

MHZ = re.compile(r"^cpu MHz\s*:\s*([0-9.]+)", re.MULTILINE)


def probe(root: Path) -> Reader | str:
    """`cpu_mhz` (mean of all CPUs), `cpu_min_mhz`, `cpu_max_mhz` (the slowest and the fastest now)."""
    paths = procfs.entries(root / "sys/devices/system/cpu", "cpu[0-9]*/cpufreq/scaling_cur_freq")
    ways: list[Callable[[], list[float]]] = [lambda: _cpufreq(paths), lambda: _cpuinfo(root / "proc/cpuinfo")]
    for way in ways:
        if way():
            return Reader("frequency", ("cpu_mhz", "cpu_min_mhz", "cpu_max_mhz"), lambda way=way: _spread(way()))  # type: ignore[misc]
    return "neither cpufreq in /sys nor `cpu MHz` in /proc/cpuinfo"


def _cpufreq(paths: list[Path]) -> list[float]:
    return [khz / 1000 for path in paths if (khz := procfs.number(path)) is not None]


def _cpuinfo(path: Path) -> list[float]:
    return [float(mhz) for mhz in MHZ.findall(procfs.text(path) or "")]


def _spread(mhz: list[float]) -> dict[str, float]:
    return {"cpu_mhz": fmean(mhz), "cpu_min_mhz": min(mhz), "cpu_max_mhz": max(mhz)} if mhz else {}
