"""Preprocessing by numpy, as a user's script does it. It travels: Python 3.8, numpy."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from runner.preprocessing.description import CHANNELS_FIRST, Preprocessing


def prepare(one: Preprocessing, raw: Any, out: Any) -> None:
    """Writes the inputs of raw samples (batch, *shape) into `out`, float32 (batch, *ready)."""
    x = raw.astype(one.computed_in)
    if one.resized and one.size is not None:
        x = _resized(x, one.shape[:2], one.size)
    mean, std = _constants(one)
    x = (x - mean) / std
    out[...] = np.moveaxis(x, -1, 1) if one.layout == CHANNELS_FIRST else x


def prepared(one: Preprocessing, raw: Any) -> Any:
    """The same in an array of its own."""
    out = np.empty((len(raw), *one.ready), np.float32)
    prepare(one, raw, out)
    return out


@lru_cache(maxsize=8)
def _constants(one: Preprocessing) -> tuple[Any, Any]:
    """(Mean, std), in the type that is computed in."""
    return np.array(one.mean, one.computed_in), np.array(one.std, one.computed_in)


def _resized(x: Any, size: tuple[int, ...], to: tuple[int, int]) -> Any:
    """(batch, height, width, channels): its rows first, then its columns."""
    x = _along(x, *weights(size[0], to[0]))
    columns = _along(x.swapaxes(1, 2), *weights(size[1], to[1]))
    return columns.swapaxes(1, 2)


def _along(x: Any, places: Any, shares: Any) -> Any:
    """The second axis resampled: each new row is a sum of the old ones at its `places`, weighted by its `shares`."""
    rows = x.reshape(x.shape[0], x.shape[1], -1)[:, places]
    return np.matmul(shares[:, None], rows).reshape(x.shape[0], len(places), *x.shape[2:])


@lru_cache(maxsize=8)
def weights(old: int, new: int) -> tuple[Any, Any]:
    """(Which of `old` pixels (new, taps), float32 weights (new, taps), 0 for those outside) of each of `new` pixels.

    A triangle around each new pixel's centre, as wide as the larger of both pixels on either side.
    """
    step = old / new
    reach = max(step, 1.0)
    centres = (np.arange(new) + 0.5) * step
    first = np.floor(centres - 0.5 - reach).astype(int) + 1
    places = first[:, None] + np.arange(2 * math.ceil(reach))
    shares = np.maximum(0.0, 1.0 - np.abs(places + 0.5 - centres[:, None]) / reach)
    shares[(places < 0) | (places >= old)] = 0.0
    shares /= shares.sum(axis=1, keepdims=True)
    return places.clip(0, old - 1), shares.astype(np.float32)
