"""From one time series to windows and targets, split by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.core.errors import BadFile
from runner.data import _split
from runner.data.arrays import Dataset
from runner.preprocessing.description import AS_IT_IS, Preprocessing

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """`values` (rows, features), oldest first, NaN where missing; the first feature is the target's own history."""

    values: Floats
    features: tuple[str, ...]
    unit: str
    season: int
    source: str


@dataclass(frozen=True)
class Windowing:
    """How samples are cut. `relative`: the target's values are taken relative to the last one in the window,
    which the sample keeps as its `offset`; without that a model can't follow a trend beyond the training part."""

    window: int
    horizon: int
    train: float
    val: float
    calibration: int
    relative: bool


def dataset(series: Series, cut: Windowing, seed: int) -> Dataset:
    """Windows (samples, window, features), targets (samples, horizon), both normalised by the training part alone."""
    _split.check(len(series.values), cut.train, cut.val, cut.window, cut.horizon, series.season, series.source)
    origins = _origins(series, cut)
    raw = {part: _samples(series, cut, at) for part, at in origins.items()}
    scales = _scales(raw["train"])
    splits = {part: _normalised(samples, scales) for part, samples in raw.items()}
    splits["test"]["naive"] = _seasonal_naive(series, cut, origins["test"]).astype(np.float32)
    calibrate = _drawn(len(origins["train"]), cut.calibration, seed)
    splits["calibration"] = {name: array[calibrate] for name, array in splits["train"].items()}
    meta = {**_meta(series, cut, scales, splits), "preprocessing": {"x": _described(cut, scales).as_dict()}}
    windows = {"test": raw["test"]["x"], "calibration": raw["train"]["x"][calibrate]}
    return Dataset(splits, meta, raw={part: {"in/x": x} for part, x in windows.items()})


def _described(cut: Windowing, scales: Mapping[str, Floats]) -> Preprocessing:
    """What makes an input of a window in units, where it is `relative` of the differences: each feature normalised."""
    shape = (cut.window, len(scales["x_mean"]))
    return Preprocessing(shape, "float64", None, tuple(scales["x_mean"]), tuple(scales["x_std"]), AS_IT_IS)


def _origins(series: Series, cut: Windowing) -> dict[str, NDArray[np.int64]]:
    """Rows at which a window ends, by part. The row and all targets were observed: a gap is interpolated
    from both sides, so a window that ended inside one would contain its own future."""
    observed: NDArray[np.bool_] = ~np.any(np.isnan(series.values), axis=1)
    found = {}
    for part, (start, stop) in _split.bounds(len(observed), cut.train, cut.val).items():
        rows = np.arange(start + cut.window - 1, stop - cut.horizon)
        ahead = rows[:, None] + np.arange(cut.horizon + 1)
        found[part] = rows[observed[ahead].all(axis=1)]
        if not len(found[part]):
            raise BadFile(
                f"{series.source}: too many gaps: no window of the {part} part ends on an observed value "
                f"that {cut.horizon} observed ones follow.",
                "Give a series with fewer gaps, or make model.horizon smaller.",
            )
    return found


def _samples(series: Series, cut: Windowing, origins: NDArray[np.int64]) -> dict[str, Floats]:
    """`x` (samples, window, features), `y` (samples, horizon) and, if relative, `offset` (samples,), in units."""
    filled = interpolated(series.values)
    x = filled[origins[:, None] + np.arange(1 - cut.window, 1)]
    y = filled[origins[:, None] + np.arange(1, cut.horizon + 1), 0]
    if not cut.relative:
        return {"x": x, "y": y}
    offset = filled[origins, 0]
    x[:, :, 0] -= offset[:, None]
    return {"x": x, "y": y - offset[:, None], "offset": offset}


def interpolated(values: Floats) -> Floats:
    """Missing values filled linearly, column by column; beyond the ends by the nearest value."""
    filled = values.copy()
    rows = np.arange(len(values))
    for column in filled.T:
        gap = np.isnan(column)
        column[gap] = np.interp(rows[gap], rows[~gap], column[~gap])
    return filled


def _scales(train: Mapping[str, Floats]) -> dict[str, Floats]:
    """Mean and standard deviation of the training part: per feature of the windows, one pair for the target. What
    stands still there has the deviation 1, so that what moves later is no huge number."""
    x, y = train["x"], train["y"]
    return {
        "x_mean": x.mean(axis=(0, 1)),
        "x_std": _moving(x.std(axis=(0, 1)), x.mean(axis=(0, 1))),
        "y_mean": y.mean(),
        "y_std": _moving(y.std(), y.mean()),
    }


def _moving(deviation: Any, mean: Any) -> Floats:
    """Rounding alone makes a deviation of about 1e-16 of the mean."""
    return np.where(deviation > np.maximum(1e-12, 1e-13 * np.abs(mean)), deviation, 1.0)


def _normalised(samples: Mapping[str, Floats], scales: Mapping[str, Floats]) -> dict[str, NDArray[Any]]:
    arrays = {
        "in/x": (samples["x"] - scales["x_mean"]) / scales["x_std"],
        "target": (samples["y"] - scales["y_mean"]) / scales["y_std"],
    }
    if "offset" in samples:
        arrays["offset"] = samples["offset"]
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _seasonal_naive(series: Series, cut: Windowing, origins: NDArray[np.int64]) -> Floats:
    """The value of the same time in the last season that was known (Hyndman & Athanasopoulos, FPP3, 5.2), in units."""
    steps = np.arange(1, cut.horizon + 1)
    back = series.season * np.ceil(steps / series.season).astype(int)
    naive: Floats = interpolated(series.values)[:, 0][origins[:, None] + (steps - back)]
    return naive


def _drawn(rows: int, samples: int, seed: int) -> NDArray[np.int64]:
    """Rows of the training part for calibration: `samples` of them, drawn without replacement."""
    return np.sort(np.random.default_rng(seed).permutation(rows)[:samples])


def _meta(
    series: Series, cut: Windowing, scales: Mapping[str, Floats], splits: Mapping[str, Mapping[str, NDArray[Any]]]
) -> dict[str, Any]:
    return {
        "task": "forecast",
        "metric": "mae",
        "unit": series.unit,
        "scale": {"mean": float(scales["y_mean"]), "std": float(scales["y_std"])},
        "features": list(series.features),
        "relative": cut.relative,
        "season": series.season,
        "rows": {split: len(arrays["target"]) for split, arrays in splits.items()},
        "shapes": {"x": [cut.window, len(series.features)], "y": [cut.horizon]},
    }
