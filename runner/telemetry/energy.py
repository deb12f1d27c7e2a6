"""Mean power while a side worked without interruption.

Candidate and baseline take turns of milliseconds, shorter than any power sensor's own interval: a sample can't tell
whose energy it was. So each side also works for a while alone, and only what was sampled in there counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runner.hardware.sensor_reader import Meter
from runner.telemetry.time_series import Profile

LEAST = 3  # whole intervals of a counter, or readings of a power, over all windows


@dataclass(frozen=True)
class Window:
    """Work without interruption, on the clock of the samples."""

    start_ns: int
    end_ns: int
    inferences: int

    @property
    def seconds(self) -> float:
        return (self.end_ns - self.start_ns) / 1e9


@dataclass(frozen=True)
class Energy:
    """`watts`: mean power over `windows`, idle power included; `joules` of one inference; `readings` behind it."""

    watts: float
    joules: float
    readings: int
    windows: int
    scope: str


def measured(profile: Profile, meter: Meter, windows: Sequence[Window]) -> Energy | str:
    """The power of one side; a str says why there is none."""
    if not windows:
        return "telemetry.energy_s=0: no side worked alone for its energy"
    found = [_power(profile, signal, windows) for signal in meter.signals]
    few = [
        f"{signal} ({readings})" for signal, (_, readings) in zip(meter.signals, found, strict=True) if readings < LEAST
    ]
    if few:
        return f"too few readings while a side worked alone: {', '.join(few)}; raise telemetry.energy_s"
    watts = sum(power for power, _ in found)
    seconds, inferences = sum(one.seconds for one in windows), sum(one.inferences for one in windows)
    return Energy(watts, watts * seconds / inferences, min(n for _, n in found), len(windows), meter.scope)


def _power(profile: Profile, signal: str, windows: Sequence[Window]) -> tuple[float, int]:
    """(mean W, readings) of one signal over the windows' insides."""
    parts = [
        _counted(profile, signal, one) if signal.endswith("_j") else _read(profile, signal, one) for one in windows
    ]
    seconds, readings = sum(part[1] for part in parts), sum(part[2] for part in parts)
    return (sum(part[0] for part in parts) / seconds if seconds else 0.0), readings


def _inside(profile: Profile, signal: str, window: Window) -> tuple[np.ndarray, np.ndarray]:
    values = profile.signals[signal]
    chosen = profile.within([(window.start_ns, window.end_ns)]) & ~np.isnan(values)
    return profile.t_ns[chosen], values[chosen]


def _counted(profile: Profile, signal: str, window: Window) -> tuple[float, float, int]:
    """(J, s, intervals) from the first to the last reading inside: what lies beyond them is not all its own."""
    t_ns, joules = _inside(profile, signal, window)
    if len(t_ns) < 2:
        return 0.0, 0.0, 0
    return float(joules[-1] - joules[0]), float(t_ns[-1] - t_ns[0]) / 1e9, len(t_ns) - 1


def _read(profile: Profile, signal: str, window: Window) -> tuple[float, float, int]:
    """(J, s, readings): the mean of the powers read inside, for as long as the window was."""
    t_ns, watts = _inside(profile, signal, window)
    return (float(watts.mean()) * window.seconds, window.seconds, len(t_ns)) if len(t_ns) else (0.0, 0.0, 0)
