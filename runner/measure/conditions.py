"""What the machine was doing while something was measured: snapshots before and after, and what changed between.

A snapshot is a few file reads (about 1 ms). What can't be read is in `absent` with its reason, never 0.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.hardware import detect, procfs

ABSENT = {
    "load_1m": "no /proc/loadavg",
    "cpu_mhz": "neither cpufreq nor `cpu MHz` in /proc/cpuinfo",
    "temperature_c": "no thermal zone in /sys/class/thermal (usual in a virtual machine)",
    "throttle_count": "no thermal_throttle counters in /sys/devices/system/cpu",
    "busy_s": "no CPU times in /proc/stat",
    "steal_s": "no CPU times in /proc/stat",
    "governor": "no cpufreq in /sys/devices/system/cpu (usual in a virtual machine)",
    "memory_available_mb": "no MemAvailable in /proc/meminfo",
    "memory_stall_s": "no /proc/pressure/memory (kernel without PSI)",
    "cpu_stall_s": "no /proc/pressure/cpu (kernel without PSI)",
    "runnable": "no count of runnable tasks in /proc/loadavg",
    "waited_s": "no /proc/PID/task/*/schedstat (kernel without scheduler statistics)",
}


def read(ours: Iterable[int] = (), root: Path = Path("/"), everybody: bool = False) -> dict[str, Any]:
    """One snapshot. `ours` are the process ids whose CPU time is not somebody else's; with `everybody`, all others'
    CPU seconds are read as well, `processes` `{pid: [name, seconds]}` (some ms).

    Counters (seconds since boot, summed over CPUs where they are CPU time): `busy_s`, `steal_s`, `ours_s`,
    `memory_stall_s`, `cpu_stall_s`, `throttle_count`, and `waited_s`, in which a thread of ours could have run and had
    no CPU. Gauges: `load_1m`, `runnable` (tasks), `cpu_mhz` (mean), `temperature_c` (hottest zone),
    `memory_available_mb` (10^6 bytes), `governor`. `monotonic_s` dates it on the clock of the bursts.
    """
    pids = tuple(ours)
    cpu, load = _cpu_seconds(root), _load(root)
    found: dict[str, Any] = {
        "load_1m": load and load[0],
        "cpu_mhz": _frequency(root),
        "temperature_c": _temperature(root),
        "throttle_count": _throttles(root),
        "busy_s": cpu and cpu[0],
        "steal_s": cpu and cpu[1],
        "governor": detect.governor(root),
        "memory_available_mb": _memory_available(root),
        "memory_stall_s": _stall(root / "proc/pressure/memory"),
        "cpu_stall_s": _stall(root / "proc/pressure/cpu"),
        "runnable": load and load[1],
        "waited_s": _waited(pids, root),
    }
    present = {name: value for name, value in found.items() if value is not None}
    absent = {name: ABSENT[name] for name in found if name not in present}
    others = {"processes": _processes(pids, root)} if everybody else {}
    return {"monotonic_s": time.monotonic(), "ours_s": _ours(pids, root), **present, **others, "absent": absent}


def change(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, float]:
    """What happened between two snapshots of the same processes; only what both could read.

    `seconds`; in CPUs kept busy on average: `competing_cpus` (everything but ours), `steal_cpus`; shares of the time
    in which something waited: `memory_stall_share`, `cpu_stall_share`; `waited_share`, seconds that threads of ours
    waited for a CPU in each; `throttled` events.
    """
    seconds = after["monotonic_s"] - before["monotonic_s"]
    deltas = {name: after[name] - before[name] for name in _COUNTERS if name in before and name in after}
    changed = {"seconds": seconds}
    if "busy_s" in deltas:
        # Jiffies are coarse (10 ms): ours may seem to have run a little more than everything together.
        changed["competing_cpus"] = max(0.0, deltas["busy_s"] - deltas["ours_s"]) / seconds
    for name, rate in _RATES.items():
        if name in deltas:
            changed[rate] = deltas[name] / seconds
    if "throttle_count" in deltas:
        changed["throttled"] = deltas["throttle_count"]
    return changed


_COUNTERS = ("busy_s", "ours_s", "steal_s", "memory_stall_s", "cpu_stall_s", "throttle_count", "waited_s")
_RATES = {
    "steal_s": "steal_cpus",
    "memory_stall_s": "memory_stall_share",
    "cpu_stall_s": "cpu_stall_share",
    "waited_s": "waited_share",
}
_LEAST = ("cpu_mhz", "memory_available_mb")  # of these the smallest value of a pair is the one that hurts
_MOST = ("load_1m", "runnable", "temperature_c")
SHOWN_PROCESSES = 3
LEAST_CPUS = 0.05  # that a process must keep busy to be named


def of_pair(before: Mapping[str, Any], during: Sequence[Mapping[str, Any]], after: Mapping[str, Any]) -> dict[str, Any]:
    """One pair in figures: `change` between its ends, the worst of its gauges, `governor` (all that were seen), and
    `competing` `[{"name", "cpus"}]`, the busiest processes that are not ours."""
    seen = [before, *during, after]
    worst: dict[str, Any] = {}
    for names, pick in ((_LEAST, min), (_MOST, max)):
        worst |= {name: pick(one[name] for one in seen if name in one) for name in names if name in after}
    governors = sorted({one["governor"] for one in seen if "governor" in one})
    governor = {"governor": "+".join(governors)} if governors else {}
    return {**change(before, after), **worst, **governor, "competing": _competing(before, after)}


def _competing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A process that ended in between can't be seen; `competing_cpus` has its time all the same."""
    seconds = after["monotonic_s"] - before["monotonic_s"]
    earlier = before.get("processes", {})
    found = [
        {"name": name, "cpus": round((used - earlier.get(pid, (name, 0.0))[1]) / seconds, 3)}
        for pid, (name, used) in after.get("processes", {}).items()
    ]
    busy = sorted((one for one in found if one["cpus"] >= LEAST_CPUS), key=lambda one: -one["cpus"])
    return busy[:SHOWN_PROCESSES]


def summary(pairs: Sequence[Mapping[str, Any]], absent: Mapping[str, str]) -> dict[str, Any]:
    """The conditions of a benchmark from its pairs' figures (`of_pair`): `{name: {"min", "median", "max"}}` over
    pairs, `governor`, `competing` (names and the most CPUs of each in any pair), and `absent` `{name: reason}`."""
    series: dict[str, list[float]] = {}
    competing: dict[str, float] = {}
    for pair in pairs:
        for name, value in pair.items():
            if isinstance(value, (int, float)):
                series.setdefault(name, []).append(value)
        for one in pair["competing"]:
            competing[one["name"]] = max(one["cpus"], competing.get(one["name"], 0.0))
    spread = {name: _spread(values) for name, values in series.items()}
    governor = {"governor": pairs[-1]["governor"]} if "governor" in pairs[-1] else {}
    return {**spread, **governor, "competing": competing, "absent": dict(absent)}


def _spread(values: Sequence[float]) -> dict[str, float]:
    shown = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: round(value, 4) for name, value in shown.items()}


# --- readings ---


def _load(root: Path) -> tuple[float, int] | None:
    """Of the last minute, and how many tasks run or could run now, this one included: first and fourth field of
    /proc/loadavg."""
    words = (procfs.text(root / "proc/loadavg") or "").split()
    return (float(words[0]), int(words[3].split("/")[0])) if words else None


def _cpu_seconds(root: Path) -> tuple[float, float] | None:
    """(busy, steal) of all CPUs together."""
    ticks = procfs.cpu_ticks(root)
    if ticks is None:
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal = ticks
    return (user + nice + system + irq + softirq) / procfs.TICKS, steal / procfs.TICKS


def _ours(pids: Iterable[int], root: Path) -> float:
    """CPU seconds that these processes have used; a process that has gone counts no more."""
    return sum(one.ticks for pid in pids if (one := procfs.process(root / "proc", pid))) / procfs.TICKS


def _waited(pids: Iterable[int], root: Path) -> float | None:
    """Seconds that all threads of these processes waited for a CPU (second field of schedstat, in ns)."""
    found = [
        int(text.split()[1])
        for pid in pids
        for task in (root / f"proc/{pid}/task").glob("*/schedstat")
        if (text := procfs.text(task))
    ]
    return sum(found) / 1e9 if found else None


def _processes(ours: Iterable[int], root: Path) -> dict[str, tuple[str, float]]:
    """`{pid: (name, CPU seconds)}` of everybody but us."""
    known, proc = {str(pid) for pid in ours}, os.fspath(root / "proc")
    every = os.listdir(proc) if os.path.isdir(proc) else ()  # noqa: PTH112, PTH208 - half the cost of iterdir
    others = ((pid, procfs.process(proc, pid)) for pid in every if pid.isdigit() and pid not in known)
    return {pid: (one.name, one.ticks / procfs.TICKS) for pid, one in others if one}


def _frequency(root: Path) -> float | None:
    """Mean of all cores now, in MHz."""
    mhz = procfs.cpu_mhz(root, procfs.clock_files(root))
    return statistics.fmean(mhz) if mhz else None


def _numbers(folder: Path, pattern: str) -> list[int]:
    return [value for value in map(procfs.number, folder.glob(pattern)) if value is not None]


def _temperature(root: Path) -> float | None:
    """The hottest thermal zone, in °C."""
    return max(
        (value / 1000 for value in _numbers(root / "sys/class/thermal", "thermal_zone[0-9]*/temp")), default=None
    )


def _throttles(root: Path) -> int | None:
    counts = _numbers(root / "sys/devices/system/cpu", "cpu[0-9]*/thermal_throttle/core_throttle_count")
    return sum(counts) if counts else None


def _memory_available(root: Path) -> float | None:
    free = procfs.size(procfs.text(root / "proc/meminfo") or "", "MemAvailable")
    return None if free is None else free / 1e6


def _stall(path: Path) -> float | None:
    """Seconds in which some task waited for this resource (pressure stall information, `some` line)."""
    text = procfs.text(path)
    return int(text.split("\n", 1)[0].rpartition("total=")[2]) / 1e6 if text else None
