"""The picture of a profile: every signal over time. Imports matplotlib inside functions; drawn in a worker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from runner.report import canvas
from runner.telemetry import profile
from runner.telemetry.profile import Floats, Profile
from runner.telemetry.sampler import PROFILE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRAPH = "system_profile_graph.png"
# A panel's title, the unit on its axis, and the ends of the names that belong there.
PANELS = (
    ("CPU (a process: 100 = one processor; cpu: 100 = all)", "%", ("_percent",)),
    ("Memory", "MB", ("_mb",)),
    ("Frequency", "MHz", ("_mhz",)),
    ("Temperature", "°C", ("_c",)),
    ("Power (of counters: between two samples)", "W", ("_w", "_j")),
)


def profile_plot(folder: Path) -> Path | None:
    """`system_profile_graph.png` beside `system_profile.txt`, drawn unless it is there; None where nothing was read."""
    out = folder / GRAPH
    if not (folder / PROFILE).is_file():
        return None
    if not out.is_file():
        found = profile.read(folder / PROFILE)
        panels = _panels(found)
        if not panels:
            return None
        _draw(found, panels, out)
    return out


def _panels(found: Profile) -> list[tuple[str, str, Mapping[str, Floats]]]:
    """The panels that have anything to show."""
    read = {name: values for name, values in found.signals.items() if np.isfinite(values).sum() > 1}
    chosen = [(title, unit, {n: v for n, v in read.items() if n.endswith(ends)}) for title, unit, ends in PANELS]
    return [panel for panel in chosen if panel[2]]


def _draw(found: Profile, panels: list[tuple[str, str, Mapping[str, Floats]]], out: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    # Fixed margins (in inches): the constrained layout draws everything twice, which every run would wait for.
    height = 0.6 + 2.1 * len(panels)
    figure = Figure(figsize=(10, height))
    figure.subplots_adjust(left=0.075, right=0.8, top=1 - 0.3 / height, bottom=0.5 / height, hspace=0.28)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    seconds = (found.t_ns - found.t_ns[0]) / 1e9
    for one, (title, unit, signals) in zip(axes, panels, strict=True):
        _panel(one, seconds, signals)
        canvas.titled(one, title)
        one.set_ylabel(unit)
    axes[-1].set_xlabel("time since the first sample, s")
    canvas.save(figure, out)


def _panel(axes: Axes, seconds: Floats, signals: Mapping[str, Floats]) -> None:
    for name, values in signals.items():
        there = np.isfinite(values)
        x, y = seconds[there], values[there]
        if name.endswith("_j"):
            x, y = x[1:], np.diff(y) / np.diff(x)
        axes.plot(x, y, linewidth=1, marker=".", markersize=3, label=name.rpartition("_")[0])
    axes.set_ylim(bottom=0)
    canvas.tidied(axes)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)
