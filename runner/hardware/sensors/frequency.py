"""The CPUs' frequency: cpufreq, else /proc/cpuinfo."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from runner.hardware import procfs
from runner.hardware.sensor_reader import Reader


def probe(root: Path) -> Reader | str:
    """`cpu_mhz` (mean of all CPUs), `cpu_min_mhz`, `cpu_max_mhz` (the slowest and the fastest now)."""
    files = procfs.clock_files(root)
    if not procfs.cpu_mhz(root, files):
        return "neither cpufreq in /sys nor `cpu MHz` in /proc/cpuinfo"
    return Reader("frequency", ("cpu_mhz", "cpu_min_mhz", "cpu_max_mhz"), lambda: _spread(procfs.cpu_mhz(root, files)))


def _spread(mhz: list[float]) -> dict[str, float]:
    return {"cpu_mhz": fmean(mhz), "cpu_min_mhz": min(mhz), "cpu_max_mhz": max(mhz)} if mhz else {}
