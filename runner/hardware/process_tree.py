"""CPU time and memory of the measured processes and all that they started (proc(5))."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from runner.hardware import procfs
from runner.hardware.sensor_reader import Reader

PAGE = os.sysconf("SC_PAGE_SIZE")


class Trees:
    """The process tree of each role, as it was when it was last looked up."""

    def __init__(self, root: Path) -> None:
        self.proc = root / "proc"
        self.members: dict[str, list[int]] = {}
        self._ticks: dict[int, tuple[int, int]] = {}

    def watch(self, role: str, pid: int) -> None:
        """From now on `role` is the tree below `pid`."""
        self.members[role] = [pid]

    def look_up(self) -> dict[str, float]:
        """See who has joined the trees. No signal: a reader of its own, as it costs most."""
        children = _children(self.proc) if self.members else {}
        self.members = {role: _below(pids[0], children) for role, pids in self.members.items()}
        return {}

    def usage(self) -> dict[str, float]:
        """`<role>_cpu_percent` (100 = one CPU, since the last reading), `<role>_rss_mb`, `<role>_processes`."""
        found: dict[str, float] = {}
        seen: dict[int, tuple[int, int]] = {}
        for role, pids in self.members.items():
            alive = {pid: one for pid in pids if (one := procfs.process(self.proc, pid)) and one.state != "Z"}
            if not alive:
                continue
            now = time.monotonic_ns()
            seen.update({pid: (now, one.ticks) for pid, one in alive.items()})
            shares = [_percent(self._ticks[pid], seen[pid]) for pid in alive if pid in self._ticks]
            if shares:
                found[f"{role}_cpu_percent"] = sum(shares)
            found[f"{role}_rss_mb"] = sum(one.pages for one in alive.values()) * PAGE / 1e6
            found[f"{role}_processes"] = len(alive)
        self._ticks = seen
        return found

    def pss(self) -> dict[str, float]:
        """`<role>_pss_mb`: resident memory, a page that n processes share counted as 1/n, in 10^6 bytes."""
        found = {}
        for role, pids in self.members.items():
            maps = [procfs.text(f"{self.proc}/{pid}/smaps_rollup") for pid in pids]
            parts = [size for one in maps if one and (size := procfs.size(one, "Pss")) is not None]
            if parts:
                found[f"{role}_pss_mb"] = sum(parts) / 1e6
        return found


def readers(trees: Trees, roles: tuple[str, ...]) -> tuple[list[Reader], dict[str, str]]:
    """(the trees' readers, why PSS is not among them where the kernel doesn't tell it)."""
    kinds = ("cpu_percent", "rss_mb", "processes")
    members = Reader("process list", (), trees.look_up)
    usage = Reader("process trees", tuple(f"{role}_{kind}" for role in roles for kind in kinds), trees.usage)
    if not (trees.proc / "self/smaps_rollup").exists():
        return [members, usage], {"PSS": "no /proc/PID/smaps_rollup (Linux 4.14 and later have it)"}
    return [members, usage, Reader("PSS", tuple(f"{role}_pss_mb" for role in roles), trees.pss)], {}


def _children(proc: Path) -> Mapping[int, list[int]]:
    """`{pid: [its children's]}` of every process. /proc/PID/task/TID/children would be cheaper; few kernels have it."""
    found: dict[int, list[int]] = {}
    for name in os.listdir(proc):  # noqa: PTH208 - half the cost of iterdir
        if name.isdigit() and (one := procfs.process(proc, name)):
            found.setdefault(one.parent, []).append(int(name))
    return found


def _below(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _percent(before: tuple[int, int], after: tuple[int, int]) -> float:
    nanoseconds, ticks = after[0] - before[0], after[1] - before[1]
    return 100 * ticks / procfs.TICKS / (nanoseconds / 1e9)
