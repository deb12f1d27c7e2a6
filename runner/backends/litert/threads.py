"""How many threads a runtime has started, by the system's own count."""

from __future__ import annotations

from pathlib import Path

TASKS = Path("/proc/self/task")  # a folder for each thread of this process


def alive() -> int:
    """How many threads this process has; 0 where the system doesn't tell."""
    return len(list(TASKS.iterdir())) if TASKS.is_dir() else 0
