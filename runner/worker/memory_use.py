"""How much memory a worker and all that it started hold, and whether one was killed for it.

`limits.memory_mb` is watched, not enforced by the kernel: a cgroup of one's own needs rights that few users have, and
an address-space limit (RLIMIT_AS, RLIMIT_DATA) counts what a runtime reserves and never touches, for each process by
itself. So the runner looks every LOOK_SECONDS while a worker prepares. While one is timed it sleeps; between two bursts
it looks, no more often than every QUIET_SECONDS. A worker can go beyond the limit by what it allocates between looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.core.errors import Unavailable
from runner.hardware.process_tree import Trees
from runner.hardware.procfs import size, text

LOOK_SECONDS = 0.2  # a look costs 3 ms where 150 processes run
QUIET_SECONDS = 1.0


def of_tree(pid: int, root: Path = Path("/")) -> float:
    """The larger of: resident memory now of `pid` and all below it; the most that `pid` alone ever had. In 10^6 bytes,
    0 where it has gone. A page that two of them share counts twice."""
    trees = Trees(root)
    trees.watch("worker", pid)
    trees.look_up()
    return max(trees.usage().get("worker_rss_mb", 0.0), _peak(root / "proc" / str(pid)))


def _peak(folder: Path) -> float:
    return (size(text(folder / "status") or "", "VmHWM") or 0) / 1e6


def check_watchable(limit_mb: float | None, root: Path = Path("/")) -> None:
    """Raises Unavailable where a limit is asked for and nothing tells how much memory a process holds."""
    if limit_mb is not None and not (root / "proc/self/stat").exists():
        raise Unavailable(
            f"limits.memory_mb={limit_mb:g}: this system doesn't tell what a process holds (it has no /proc).",
            "Leave it out: limits.memory_mb=null",
        )


@dataclass(frozen=True)
class Kills:
    """How often the kernel's out-of-memory killer has struck: in this process's control group, and on the machine
    (which other containers share). None where the kernel doesn't tell."""

    ours: int | None
    machine: int | None


def kills(root: Path = Path("/")) -> Kills:
    """The counts until now, from memory.events (v2), memory.oom_control (v1) and /proc/vmstat (Linux 4.13)."""
    from runner.hardware.detect import cgroup_folders

    files = [folder / "memory.events" for folder in cgroup_folders(root, "")[:1]]
    files += [folder / "memory.oom_control" for folder in cgroup_folders(root, "memory")[:1]]
    counts = [count for file in files if (count := _count(file)) is not None]
    return Kills(counts[0] if counts else None, _count(root / "proc/vmstat"))


def _count(path: Path) -> int | None:
    lines = (text(path) or "").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def blame(before: Kills, after: Kills) -> str:
    """Whether a worker that SIGKILL ended was killed for memory: `known`, `perhaps`, or `` where nothing says so."""
    if _rose(before.ours, after.ours):
        return "known"
    if (after.ours is None and after.machine is None) or _rose(before.machine, after.machine):
        return "perhaps"
    return ""


def _rose(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after > before
