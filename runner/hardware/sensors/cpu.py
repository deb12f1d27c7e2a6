"""How busy all CPUs are together: /proc/stat (proc(5))."""

from __future__ import annotations

from pathlib import Path

from runner.hardware import procfs
from runner.hardware.sensor_reader import Reader


def probe(root: Path) -> Reader | str:
    """`cpu_percent`: 100 = every CPU busy (steal included: it is time that others had); since the last reading."""
    first = _times(root)
    if first is None:
        return "no CPU times in /proc/stat"
    last = [first]

    def read() -> dict[str, float]:
        now = _times(root)
        if now is None or now[1] == last[0][1]:
            return {}
        busy, total = (after - before for before, after in zip(last[0], now, strict=True))
        last[0] = now
        return {"cpu_percent": 100 * busy / total}

    return Reader("CPU", ("cpu_percent",), read)


def _times(root: Path) -> tuple[int, int] | None:
    """(busy, all) ticks of all CPUs."""
    ticks = procfs.cpu_ticks(root)
    return (sum(ticks) - sum(ticks[3:5]), sum(ticks)) if ticks else None
