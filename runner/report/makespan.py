"""The last lines of a sweep: how long it took beside the shortest time that its work allows, and where it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BOUNDS = {
    "critical_path_s": "the longest chain of steps with its measuring",
    "work_s": "all steps shared out over {cores} cores, and the measuring",
    "measuring_s": "the measuring alone",
}


def text(schedule: Mapping[str, Any]) -> str:
    """Of the `schedule` of a sweep's JSON: makespan beside its bound and what bounds it, and where the time went."""
    lines = [f"took     {_seconds(schedule['makespan_s'])}{_beside(schedule)}", f"spent    {_spent(schedule['spent'])}"]
    if schedule["retries"]:
        again = ", ".join(f"{step} ({times}×)" for step, times in schedule["retries"].items())
        lines.append(f"again    {again}: the process that ran it had died")
    return "\n".join(lines)


def _beside(schedule: Mapping[str, Any]) -> str:
    if schedule["ratio"] is None:
        return ": there was nothing to make or to measure"
    which = max(schedule["bound"], key=lambda name: float(schedule["bound"][name]))
    what = BOUNDS[which].format(cores=schedule["cores"])
    return f", {schedule['ratio']:.2f}× its lower bound of {_seconds(schedule['bound_s'])} ({what})"


def _spent(spent: Mapping[str, float]) -> str:
    return " · ".join(f"{name.removesuffix('_s')} {_seconds(seconds)}" for name, seconds in spent.items())


def _seconds(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
