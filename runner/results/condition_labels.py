"""What the conditions of a measurement are called, and how they are shown."""

from __future__ import annotations

from runner.results import formatting
from runner.results.record_schema import Spread

# Words of the conditions' keys, with their units.
WORDS = {
    "load_1m": "load, 1 min", "cpu_mhz": "clock, MHz", "temperature_c": "temperature, °C",
    "throttled": "throttling events", "competing_cpus": "CPUs kept busy by others", "steal_cpus": "CPUs stolen",
    "memory_available_mb": "memory available, MB", "memory_stall_share": "share of time tasks waited for memory",
    "cpu_stall_share": "share of time tasks waited for a CPU",
    "waited_share": "share of time the measured processes waited for a CPU", "seconds": "timed work of a pair, s",
    "runnable": "tasks that wanted a CPU at one moment", "throttle_count": "throttling events",
}  # fmt: skip
NOTHING = "–"


def worded(name: str) -> str:
    """What a condition's key is called, with its unit."""
    return WORDS.get(name, name.replace("_", " "))


def spread(found: Spread | None) -> str:
    """`0.42 (0.31 to 0.71)`: median and range over pairs; a dash where nothing was read."""
    return formatting.spread(found.median, found.min, found.max) if found else NOTHING
