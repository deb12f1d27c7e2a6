"""The picture of a profile: every signal over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from runner.charts import Chart, Lines, Mark, Point, Text, stacked
from runner.charts.axes import Scale, even_ticks, levels, scale
from runner.charts.style import SERIES
from runner.telemetry.time_series import Floats, Profile

WIDTH, LEFT, RIGHT, NAMES = 960, 72, 16, 200  # NAMES: what the signals' names take at the right
PANEL, FOOT = 190, 30  # heights, px
POINTS = 1000  # drawn of one signal; of more the least and the most of each stretch
LARGEST = 1e18  # of a value that a sensor can mean
# A panel's title, the unit on its axis, and the ends of the names that belong there.
PANELS = (
    ("CPU (a process: 100 = one processor; cpu: 100 = all)", "%", ("_percent",)),
    ("Memory", "MB", ("_mb",)),
    ("Frequency", "MHz", ("_mhz",)),
    ("Temperature", "°C", ("_c",)),
    ("Power (of counters: between two samples)", "W", ("_w", "_j")),
)

Curve = tuple[Floats, Floats]  # seconds since the first sample, and what was read then


def chart(found: Profile) -> Chart | None:
    """Every signal over time, a panel for each unit; None where nothing was read twice."""
    curves = {name: curve for name in found.signals if len((curve := _curve(found, name))[0]) > 1}
    x = scale(0.0, float(found.t_ns[-1] - found.t_ns[0]) / 1e9, LEFT, WIDTH - NAMES) if len(found.t_ns) else None
    chosen = [(title, unit, {n: c for n, c in curves.items() if n.endswith(ends)}) for title, unit, ends in PANELS]
    parts = [_panel(f"{title}, {unit}", signals, x) for title, unit, signals in chosen if x and signals]
    if not parts or x is None:
        return None
    told = f"Over {(found.t_ns[-1] - found.t_ns[0]) / 1e9:.1f} s: {', '.join(curves)}"
    return stacked([*parts, _foot(found, x)], "The machine while it was measured", told)


def _curve(found: Profile, name: str) -> Curve:
    """What was read of a signal; of a counter of joules, the power between two samples."""
    values = found.signals[name]
    there = np.abs(values) <= LARGEST  # not where none was read: NaN is no number
    seconds, read = (found.t_ns[there] - found.t_ns[:1]) / 1e9, values[there]
    if name.endswith("_j") and len(read) > 1:
        lasted = np.diff(seconds)
        moved = lasted > 0
        return seconds[1:][moved], np.diff(read)[moved] / lasted[moved]
    return seconds, read


def _panel(title: str, signals: Mapping[str, Curve], x: Scale) -> Chart:
    low = min(0.0, *(float(values.min()) for _, values in signals.values()))
    high = max(low + 1e-9, *(float(values.max()) for _, values in signals.values()))
    y = scale(low, high, PANEL - 14, 34)
    marks: list[Mark] = [Text(8, 18, title, "heading")]
    marks += levels(even_ticks(low, high, 5), y, LEFT, WIDTH - NAMES)
    for number, (name, curve) in enumerate(signals.items()):
        series = f"s{number % len(SERIES)}"
        marks.append(Lines((tuple(_points(curve, x, y)),), f"signal {series}", told=name))
        marks.append(_key(name.rpartition("_")[0], series, number))
    return Chart(WIDTH, PANEL, title, tuple(marks))


def _key(name: str, series: str, number: int) -> Text:
    return Text(WIDTH - NAMES + 10, 40 + 14 * number, name, f"key {series}", room=NAMES - RIGHT)


def _points(curve: Curve, x: Scale, y: Scale) -> Iterator[Point]:
    for place in _places(curve[1]):
        yield x(float(curve[0][place])), y(float(curve[1][place]))


def _places(values: Floats) -> Sequence[int]:
    """Which of the values are drawn."""
    if len(values) <= POINTS:
        return range(len(values))
    parts = np.array_split(np.arange(len(values)), POINTS // 2)
    return sorted({int(part[of(values[part])]) for part in parts for of in (np.argmin, np.argmax)})


def _foot(found: Profile, x: Scale) -> Chart:
    seconds = even_ticks(0.0, float(found.t_ns[-1] - found.t_ns[0]) / 1e9, 8)
    marks = [Text(x(value), 10, f"{value:g}", anchor="middle") for value in seconds]
    name = Text(WIDTH - NAMES, 26, "time since the first sample, s", anchor="end")
    return Chart(WIDTH, FOOT, "", (*marks, name))
