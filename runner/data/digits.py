"""Handwritten digits: 1,797 real 8×8 images that scikit-learn carries (Alpaydin & Kaynak, UCI 1998)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.errors import Impossible
from runner.core.setting_rules import setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runner.data.arrays import Dataset

TASK = "classify"
DISTRIBUTIONS = ("numpy", "scipy", "scikit-learn")
CLASSES = 10
BRIGHTEST = 16


@dataclass(frozen=True)
class Settings:
    """How the images are split, each digit alike; the images that remain are the test part."""

    train: float = setting("Share of the images that is trained on", low=0.1, high=0.9)
    val: float = setting("Share of the images that decides when training stops", low=0.05, high=0.5)
    calibration: int = setting("Images of the training part for calibrating int8", unit="samples", low=1)


def problems(settings: Settings, needs: Mapping[str, Any]) -> None:
    """Raise Impossible where nothing is left for the test part."""
    if settings.train + settings.val >= 1:
        raise Impossible(
            f"data.train={settings.train:g} and data.val={settings.val:g} leave no images for testing.",
            "Make data.train + data.val less than 1.",
        )


def make(settings: Settings, needs: Mapping[str, Any], seed: int, inputs: Mapping[str, Path]) -> Dataset:
    """Images (samples, 1, input_size, input_size) from 0 to 1 and labels (samples,); the seed draws the split."""
    import numpy as np
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    from runner.data.arrays import Dataset

    problems(settings, needs)
    digits = load_digits()
    images = _resized(digits.images / BRIGHTEST, needs["input_size"])
    rows = _split(digits.target, settings, seed)
    rows["calibration"] = np.sort(rows["train"][: settings.calibration])
    splits = {
        part: {"in/x": images[chosen], "target": digits.target[chosen].astype(np.int64)}
        for part, chosen in rows.items()
    }
    return Dataset(splits, _meta(splits, needs["input_size"]))


def _resized(images: NDArray[Any], size: int) -> NDArray[Any]:
    """(samples, 1, size, size), bilinear."""
    import numpy as np
    from scipy import ndimage

    factor = size / images.shape[1]
    larger = ndimage.zoom(images, (1, factor, factor), order=1, mode="nearest", grid_mode=True)
    return np.asarray(larger[:, None], np.float32)


def _split(labels: NDArray[Any], settings: Settings, seed: int) -> dict[str, NDArray[Any]]:
    import numpy as np
    from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]

    everything = np.arange(len(labels))
    train, rest = train_test_split(everything, train_size=settings.train, stratify=labels, random_state=seed)
    share = settings.val / (1 - settings.train)
    val, test = train_test_split(rest, train_size=share, stratify=labels[rest], random_state=seed)
    return {"train": train, "val": val, "test": test}


def _meta(splits: Mapping[str, Mapping[str, NDArray[Any]]], size: int) -> dict[str, Any]:
    return {
        "task": "classify",
        "metric": "accuracy",
        "unit": "",
        "features": ["gray"],
        "classes": CLASSES,
        "rows": {part: len(arrays["target"]) for part, arrays in splits.items()},
        "shapes": {"x": [1, size, size], "y": [CLASSES]},
    }
