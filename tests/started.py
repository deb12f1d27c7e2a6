"""What this process has started and still runs. Tests that share a process see each other's."""

from __future__ import annotations

import time

import psutil

PATIENCE_SECONDS = 5.0  # for a process that is just ending


def started() -> list[str]:
    """The command of each; the keeper of its workers sleeps until it has ended, and isn't among them."""
    return [command for _, command in _children()]


def left(before: frozenset[int] = frozenset()) -> list[str]:
    """As `started`, without those of `before`, and what doesn't go by itself within a moment."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := [(pid, command) for pid, command in _children() if pid not in before]) and time.monotonic() < end:
        time.sleep(0.05)
    return [command for _, command in found]


def pids() -> frozenset[int]:
    """The processes of `started`."""
    return frozenset(pid for pid, _ in _children())


def _children() -> list[tuple[int, str]]:
    found = []
    for one in psutil.Process().children(recursive=True):
        try:
            found.append((one.pid, " ".join(one.cmdline())))
        except psutil.Error:  # it has just ended, or nobody has waited for it
            found.append((one.pid, one.name()))
    return [(pid, command) for pid, command in found if "orphan_reaper" not in command]
