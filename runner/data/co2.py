"""Weekly CO₂ at Mauna Loa, 1958–2001 (Keeling & Whorf 2004), carried by the package.

The series climbs by some 1.5 ppm a year, so the test part lies above all that was trained on. Windows and targets
are therefore relative to the window's last value: the model forecasts the change from now on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.setting_rules import setting

if TYPE_CHECKING:
    from runner.data.arrays import Dataset

TASK = "forecast"
RAW_INPUTS = ("x",)
FILE = Path(__file__).parent / "files" / "mauna_loa_co2_weekly.csv"
ROWS = 2284
WEEKS_A_YEAR = 52


@dataclass(frozen=True)
class Settings:
    """How the series is split by time; the newest rows that remain are the test part."""

    train: float = setting("Share of the rows, the oldest, that is trained on", low=0.1, high=0.9)
    val: float = setting("Share of the rows after them that decides when training stops", low=0.05, high=0.5)
    calibration: int = setting("Windows of the training part for calibrating int8", unit="samples", low=1)


def files(settings: Settings) -> tuple[str, ...]:
    """What is read, and so belongs to the key."""
    return (str(FILE),)


def problems(settings: Settings, needs: Mapping[str, Any]) -> None:
    """Raise SpecError where window and horizon don't fit into the parts."""
    from runner.data import _split

    _split.check(ROWS, settings.train, settings.val, needs["window"], needs["horizon"], WEEKS_A_YEAR, "data=co2")


def make(settings: Settings, needs: Mapping[str, Any], seed: int, inputs: Mapping[str, Path]) -> Dataset:
    """Forecasting samples in ppm; the seed draws the calibration windows."""
    from runner.data import _series

    cut = _series.Windowing(
        needs["window"], needs["horizon"], settings.train, settings.val, settings.calibration, relative=True
    )
    return _series.dataset(_read(), cut, seed)


def _read() -> Any:
    import numpy as np

    from runner.data import _series

    ppm = np.genfromtxt(FILE, delimiter=",", skip_header=1)[:, 1]
    return _series.Series(ppm[:, None], ("co2_ppm",), "ppm", WEEKS_A_YEAR, "data=co2")
