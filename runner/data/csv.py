"""A time series from a CSV file of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core import given_files
from runner.core.errors import SpecError
from runner.core.setting_rules import setting

if TYPE_CHECKING:
    from runner.data.arrays import Dataset

TASK = "forecast"
RAW_INPUTS = ("x",)


@dataclass(frozen=True)
class Settings:
    """The file, its columns, and how the series is split by time; the newest rows that remain are the test part."""

    path: str | None = setting("The CSV file, with a line of column names; relative to the working folder")
    delimiter: str = setting("What separates columns: a character, or comma, semicolon, tab, pipe, space")
    decimal: str = setting(
        "Decimal sign of the numbers: point or comma; auto: the point, unless it may stand between thousands",
        choices=("auto", ".", ",", "point", "comma"),
    )
    time: str = setting(
        "Column of the time: ISO dates (2024-01-31 or 2024-01-31T12:00), digits (20240131), or numbers; ascending"
    )
    time_format: str | None = setting("How times are written, where not so: %d.%m.%Y (Python's strptime)")
    target: str = setting("Column that is forecast; its own past is the first feature")
    features: tuple[str, ...] = setting("Further columns that the model sees")
    frequency: str = setting("Time between rows: 15min, 1h, 1D, 1W …; auto (the least); rows (don't look at it)")
    missing: str = setting("Empty values and missing rows", choices=("interpolate", "error"))
    season: int = setting("Rows that the seasonal-naive forecast looks back (1: the last value)", unit="rows", low=1)
    unit: str = setting("Unit of the target, for the metrics' names")
    relative: bool = setting("Forecast the change from the window's last value; needed where there is a trend")
    train: float = setting("Share of the rows, the oldest, that is trained on", low=0.1, high=0.9)
    val: float = setting("Share of the rows after them that decides when training stops", low=0.05, high=0.5)
    calibration: int = setting("Windows of the training part for calibrating int8", unit="samples", low=1)


def files(settings: Settings) -> tuple[str, ...]:
    """The user's file. Raises SpecError where none is named or it isn't there."""
    if settings.path is None:
        raise SpecError("data=csv needs a file.", "Name it: data.path=my.csv data.time=when data.target=load")
    return (given_files.existing(settings.path, "data.path"),)


def problems(settings: Settings, needs: Mapping[str, Any]) -> None:
    """Raise SpecError for everything that is wrong with the file, before any work."""
    from runner.data import _split, _table

    (path,) = files(settings)
    rows = len(_table.read(settings).rows)
    window, horizon = needs["window"], needs["horizon"]
    _split.check(rows, settings.train, settings.val, window, horizon, settings.season, path)


def make(settings: Settings, needs: Mapping[str, Any], seed: int, inputs: Mapping[str, Path]) -> Dataset:
    """Forecasting samples in the unit of the target; the seed draws the calibration windows."""
    import numpy as np

    from runner.data import _odd_values, _series, _split, _table

    (path,) = files(settings)
    table = _table.read(settings)
    values = np.array(table.rows, np.float64)
    names = (settings.target, *settings.features)
    series = _series.Series(values, names, settings.unit, settings.season, path)
    cut = _series.Windowing(
        needs["window"], needs["horizon"], settings.train, settings.val, settings.calibration, settings.relative
    )
    _, training = _split.bounds(len(values), settings.train, settings.val)["train"]
    made = _series.dataset(series, cut, seed)
    return replace(made, meta={**made.meta, "warnings": [*table.said, *_odd_values.warnings(values, names, training)]})
