"""What makes a raw sample an input: resized, normalised, laid out. It is in a data set's meta, and travels with a
worker's requests: Python 3.8, standard library alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CHANNELS_FIRST, AS_IT_IS = "NHWC to NCHW", "as it is"
METHOD = {"method": "linear", "coordinates": "half_pixel", "antialias": True}


@dataclass(frozen=True)
class Preprocessing:
    """Of one input. `shape` of a raw sample without the batch, an image's [height, width, channels]; `dtype` as numpy
    calls it. `size`: the [height, width] that an image is resized to, None: it keeps its own. Then
    (value - mean) / std, both by channel, the last axis of the raw sample. `layout`: what becomes of the axes.

    Resizing is linear between the centres of pixels; where an image gets smaller its filter is as wide as a pixel of
    the result (antialiasing), without what lies outside, as Pillow's BILINEAR.
    """

    shape: tuple[int, ...]
    dtype: str
    size: tuple[int, int] | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: str

    @property
    def resized(self) -> bool:
        """Whether it changes an image's size."""
        return self.size is not None and self.size != self.shape[:2]

    @property
    def shrinks(self) -> bool:
        """Whether an image gets lower or narrower: only then antialiasing changes anything."""
        return self.size is not None and (self.size[0] < self.shape[0] or self.size[1] < self.shape[1])

    @property
    def computed_in(self) -> str:
        """The type that it computes in: float64 where the samples have it. The input is float32."""
        return "float64" if self.dtype == "float64" else "float32"

    @property
    def ready(self) -> tuple[int, ...]:
        """The shape of an input without the batch."""
        sizes = (*(self.size or self.shape[:2]), *self.shape[2:])
        return (*sizes[2:], *sizes[:2]) if self.layout == CHANNELS_FIRST else sizes

    def as_dict(self) -> dict[str, Any]:
        """JSON types, as in a data set's meta."""
        return {
            "raw": {"shape": list(self.shape), "dtype": self.dtype},
            "resize": None if self.size is None else {"size": list(self.size), **METHOD},
            "normalise": {"mean": [*map(float, self.mean)], "std": [*map(float, self.std)]},
            "layout": self.layout,
        }


def read(content: Mapping[str, Any]) -> Preprocessing:
    """From `Preprocessing.as_dict`."""
    raw, resize, normalise = content["raw"], content["resize"], content["normalise"]
    size = None if resize is None else (resize["size"][0], resize["size"][1])
    about = (tuple(raw["shape"]), raw["dtype"], size)
    return Preprocessing(*about, _floats(normalise["mean"]), _floats(normalise["std"]), content["layout"])


def of_inputs(meta: Mapping[str, Any]) -> dict[str, Preprocessing]:
    """`{input: what is done to it}` of a data set's meta."""
    return {name: read(one) for name, one in meta["preprocessing"].items()}


def _floats(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
