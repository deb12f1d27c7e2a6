"""Handwritten digits: 1,797 real 8×8 images that scikit-learn carries (Alpaydin & Kaynak, UCI 1998).

Raw ones are bytes [height, width, 1]; what a model is given is made of them (`preprocessing/`)."""

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
    from runner.preprocessing.description import Preprocessing

TASK = "classify"
DISTRIBUTIONS = ("numpy", "scipy", "scikit-learn")
CLASSES = 10
RAW_INPUTS = ("x",)
SIZE = 8
BRIGHTEST = 16  # of their pixels
STEP = 15  # between two of their 17 greys as bytes: white is 240


@dataclass(frozen=True)
class Settings:
    """How the images are split, each digit alike; the images that remain are the test part."""

    train: float = setting("Share of the images that is trained on", low=0.1, high=0.9)
    val: float = setting("Share of the images that decides when training stops", low=0.05, high=0.5)
    calibration: int = setting("Images of the training part for calibrating int8", unit="samples", low=1)
    raw_size: int = setting(
        "Height and width of the raw images; above 8 they are enlarged", unit="pixels", low=8, high=4096
    )


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
    from runner.preprocessing import host

    problems(settings, needs)
    digits = load_digits()
    one, raw = described(settings.raw_size, needs["input_size"]), _bytes(digits.images, settings.raw_size)
    images = host.prepared(one, raw)
    rows = _split(digits.target, settings, seed)
    rows["calibration"] = np.sort(rows["train"][: settings.calibration])
    splits = {
        part: {"in/x": images[chosen], "target": digits.target[chosen].astype(np.int64)}
        for part, chosen in rows.items()
    }
    meta = {**_meta(splits, needs["input_size"]), "preprocessing": {"x": one.as_dict()}}
    return Dataset(splits, meta, raw={part: {"in/x": raw[rows[part]]} for part in ("test", "calibration")})


def described(raw_size: int, input_size: int) -> Preprocessing:
    """What makes an input of a raw image: from 0 to 1, channels first."""
    from runner.preprocessing import description

    size = (input_size, input_size)
    scale = ((0.0,), (float(BRIGHTEST * STEP),))
    return description.Preprocessing((raw_size, raw_size, 1), "uint8", size, *scale, description.CHANNELS_FIRST)


def _bytes(images: NDArray[Any], size: int) -> NDArray[Any]:
    """(samples, size, size, 1) bytes, enlarged bilinearly."""
    import numpy as np
    from scipy import ndimage

    factor = size / SIZE
    larger = ndimage.zoom(images * STEP, (1, factor, factor), order=1, mode="nearest", grid_mode=True)
    return np.asarray(np.rint(larger)[..., None], np.uint8)


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
