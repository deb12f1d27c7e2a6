"""Whether something slows the processor down: the kernel's counters and cooling devices, a Raspberry Pi's firmware."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from runner.hardware import procfs
from runner.hardware.sensor_reader import Reader

COUNTS = "cpu[0-9]*/thermal_throttle/core_throttle_count"
PROCESSORS = re.compile(r"Processor|.*cpufreq.*|.*cpu.*", re.IGNORECASE)  # of a cooling device's type
FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
# https://www.raspberrypi.com/documentation/computers/os.html, `vcgencmd get_throttled`: what is so now
BITS = {1: "under-voltage", 2: "a capped clock", 4: "throttling", 8: "the soft limit of temperature"}
COUNT, LEVEL, BITS_NOW = "core_throttle_count", "cooling_level", "firmware_throttled"


def probe(root: Path) -> Reader | str:
    """`core_throttle_count` (of all CPUs, since the machine started), `cooling_level` (the highest of the processors'
    cooling devices), `firmware_throttled` (bits)."""
    signals = tuple(_read(root))
    if not signals:
        return "no thermal_throttle counters, no processor's cooling device in /sys/class/thermal, no firmware's word"
    return Reader("throttling", signals, lambda: _read(root))


def _read(root: Path) -> dict[str, float]:
    counts = [procfs.number(path) for path in procfs.entries(root / "sys/devices/system/cpu", COUNTS)]
    levels = [procfs.number(device / "cur_state") for device in _cooling(root)]
    bits = procfs.line(root / FIRMWARE)
    found: dict[str, float] = {}
    if known := [one for one in counts if one is not None]:
        found[COUNT] = sum(known)
    if steps := [one for one in levels if one is not None]:
        found[LEVEL] = max(steps)
    if bits and re.fullmatch(r"(0x)?[0-9a-fA-F]{1,8}", bits):
        found[BITS_NOW] = float(int(bits, 16) & 0xF)
    return found


def _cooling(root: Path) -> list[Path]:
    devices = procfs.entries(root / "sys/class/thermal", "cooling_device[0-9]*")
    return [device for device in devices if PROCESSORS.fullmatch(procfs.line(device / "type") or "")]


def reasons(spans: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """What the least and the largest value of each signal, over a measurement, say of throttling."""
    if COUNT in spans and (times := spans[COUNT][1] - spans[COUNT][0]) > 0:
        yield f"the processor throttled {times:.0f} times"
    if LEVEL in spans and spans[LEVEL][1] > 0:
        yield f"the kernel cooled the processor, up to level {spans[LEVEL][1]:.0f}"
    if BITS_NOW in spans and (now := int(spans[BITS_NOW][1])):
        yield f"the firmware reported {', '.join(word for bit, word in BITS.items() if now & bit)}"
