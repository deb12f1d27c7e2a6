"""From a model's normalised numbers back to the unit of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_units(y: NDArray[Any], meta: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """`y · std + mean (+ the sample's offset)`: forecasts (samples, horizon) in `meta["unit"]`.

    `arrays` is the split that the forecasts belong to: where windows are relative to their last value,
    its `offset` (samples,) holds that value.
    """
    scale = meta.get("scale") or {"mean": 0.0, "std": 1.0}
    values = np.asarray(y, np.float64) * scale["std"] + scale["mean"]
    if "offset" in arrays:
        values = values + np.asarray(arrays["offset"], np.float64)[:, None]
    return np.asarray(values, np.float64)
