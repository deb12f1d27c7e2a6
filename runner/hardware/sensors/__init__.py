"""One file a sensor; `probe(root)` gives its reader, or says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runner.hardware.sensor_reader import Reader
from runner.hardware.sensors import cpu, frequency, hailo, ina, nvml, rapl, tegrastats, temperature, throttling

Probe = Callable[[Path], Reader | str]
"""`probe(root)`: the sensor whose files lie below `root`, or why there is none."""

# Meters of a whole board first come first: tegrastats reads the same INA chips, with the vendor's own names.
PROBES: dict[str, Probe] = {
    "CPU": cpu.probe,
    "frequency": frequency.probe,
    "temperature": temperature.probe,
    "throttling": throttling.probe,
    "tegrastats": tegrastats.probe,
    "INA": ina.probe,
    "RAPL": rapl.probe,
    "NVML": nvml.probe,
    "Hailo": hailo.probe,
}


def probe_all(root: Path) -> tuple[list[Reader], dict[str, str]]:
    """(the sensors that are there, why the others are not by name)."""
    found = {name: probe(root) for name, probe in PROBES.items()}
    readers = [one for one in found.values() if isinstance(one, Reader)]
    return readers, {name: why for name, why in found.items() if isinstance(why, str)}
