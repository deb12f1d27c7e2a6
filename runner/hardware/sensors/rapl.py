"""Energy of Intel's and AMD's processors: RAPL counters (Linux, Documentation/power/powercap/powercap.rst)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from runner.hardware import procfs
from runner.hardware.sensor_reader import Meter, Reader

ZONE = re.compile(r"intel-rapl:\d+(:\d+)?$")  # not intel-rapl-mmio: the same package once more


@dataclass
class _Counter:
    """A counter of microjoules that begins again at 0 after `range_uj`."""

    path: Path
    range_uj: int
    last_uj: int
    sum_uj: int = field(default=0)

    def joules(self) -> float | None:
        """Since the first reading; right as long as it is read before it comes round twice (a minute at the least)."""
        now = procfs.number(self.path)
        if now is None:
            return None
        self.sum_uj += now - self.last_uj + (self.range_uj if now < self.last_uj else 0)
        self.last_uj = now
        return self.sum_uj / 1e6


def probe(root: Path) -> Reader | str:
    """`<zone>_j` of each zone. The meter is packages + DRAM: cores and uncore are in the package, psys holds all."""
    zones = [path for path in procfs.entries(root / "sys/class/powercap", "intel-rapl:*") if ZONE.match(path.name)]
    if not zones:
        return "no RAPL zone in /sys/class/powercap (usual in a virtual machine, and on Arm)"
    counters = {_signal(zone): counter for zone in zones if (counter := _counter(zone)) is not None}
    if not counters:
        return "RAPL's energy_uj is not for this user: sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj"
    added = tuple(signal for signal in counters if signal.startswith(("package", "dram")))
    scope = "RAPL " + " + ".join(signal.removesuffix("_j") for signal in added)
    return Reader("RAPL", tuple(counters), lambda: _read(counters), Meter(added, scope) if added else None)


def _signal(zone: Path) -> str:
    """`package_0_j`, `dram_0_j`: a subzone has its package's number, which its own name lacks."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", procfs.line(zone / "name") or zone.name)
    numbers = zone.name.split(":")
    return f"{name}_{numbers[1]}_j" if len(numbers) == 3 else f"{name}_j"


def _counter(zone: Path) -> _Counter | None:
    now, top = procfs.number(zone / "energy_uj"), procfs.number(zone / "max_energy_range_uj")
    return None if now is None or top is None else _Counter(zone / "energy_uj", top, now)


def _read(counters: dict[str, _Counter]) -> dict[str, float]:
    return {name: joules for name, counter in counters.items() if (joules := counter.joules()) is not None}
