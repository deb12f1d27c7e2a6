"""The Mackey–Glass delay equation (Mackey & Glass 1977), a chaotic series made by seed.

dx/dt = 0.2·x(t−τ) / (1 + x(t−τ)¹⁰) − 0.1·x(t): chaotic for τ above about 16.8, and harder to forecast the larger τ is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.setting_rules import setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runner.data.arrays import Dataset

TASK = "forecast"
RAW_INPUTS = ("x",)
STEPS_A_ROW = 10
TRANSIENT_ROWS = 500


@dataclass(frozen=True)
class Settings:
    """The series and how it is split by time; the rows that remain are the test part."""

    rows: int = setting("Length of the series, one row a unit of time", unit="rows", low=10, high=1_000_000)
    tau: int = setting("Delay τ of the equation", unit="rows", low=1, high=1000)
    season: int = setting("Rows that the naive forecast looks back; τ=17 has a near-period of 50", unit="rows", low=1)
    train: float = setting("Share of the rows, the oldest, that is trained on", low=0.1, high=0.9)
    val: float = setting("Share of the rows after them that decides when training stops", low=0.05, high=0.5)
    calibration: int = setting("Windows of the training part for calibrating int8", unit="samples", low=1)


def problems(settings: Settings, needs: Mapping[str, Any]) -> None:
    """Raise SpecError where window and horizon don't fit into the parts."""
    from runner.data import _split

    window, horizon = needs["window"], needs["horizon"]
    _split.check(settings.rows, settings.train, settings.val, window, horizon, settings.season, "data=mackey_glass")


def make(settings: Settings, needs: Mapping[str, Any], seed: int, inputs: Mapping[str, Path]) -> Dataset:
    """Forecasting samples without a unit; the seed draws the series' start and the calibration windows."""
    from runner.data import _series

    values = solve(settings.rows, settings.tau, seed)
    series = _series.Series(values[:, None], ("x",), "", settings.season, "data=mackey_glass")
    cut = _series.Windowing(
        needs["window"], needs["horizon"], settings.train, settings.val, settings.calibration, relative=False
    )
    return _series.dataset(series, cut, seed)


def solve(rows: int, tau: int, seed: int) -> NDArray[Any]:
    """(rows,): the equation by Runge–Kutta of order 4, ten steps a row, after a transient that is dropped.

    The delayed value half a step on is the mean of its neighbours.
    """
    import numpy as np

    delay, step = tau * STEPS_A_ROW, 1 / STEPS_A_ROW
    x = list(np.random.default_rng(seed).uniform(0.5, 1.5, delay + 1))
    for _ in range((rows + TRANSIENT_ROWS) * STEPS_A_ROW):
        before, after = x[-delay - 1], x[-delay]
        x.append(_runge_kutta(x[-1], before, (before + after) / 2, after, step))
    return np.array(x[-rows * STEPS_A_ROW :: STEPS_A_ROW])


def _runge_kutta(x: float, start: float, middle: float, end: float, step: float) -> float:
    """One step; `start`, `middle` and `end` are the delayed values."""
    k1 = _slope(x, start)
    k2 = _slope(x + step * k1 / 2, middle)
    k3 = _slope(x + step * k2 / 2, middle)
    k4 = _slope(x + step * k3, end)
    return x + step * (k1 + 2 * k2 + 2 * k3 + k4) / 6


def _slope(x: float, delayed: float) -> float:
    return 0.2 * delayed / (1 + delayed**10) - 0.1 * x
