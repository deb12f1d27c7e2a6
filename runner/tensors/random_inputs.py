"""Random inputs, made one by one: each follows from the seed alone, and need not lie in memory with the others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARTS = {"test": 0, "calibration": 1}


@dataclass(frozen=True)
class Drawn:
    """`samples` values of one input, each of `sizes` and `dtype` (numpy's name); slices like an array of them.

    Floats are standard normal, whole numbers `low` up to below `below`, flags coin flips, text such whole numbers.
    `stream` tells inputs and parts of one seed apart.
    """

    samples: int
    sizes: tuple[int, ...]
    dtype: str
    below: int
    stream: tuple[int, ...]
    low: int = 0

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        made = [self.sample(number) for number in range(*rows.indices(self.samples))]
        return np.stack(made) if made else np.empty((0, *self.sizes), self.dtype)

    def sample(self, number: int) -> NDArray[Any]:
        """The `number`th (sizes), whatever was drawn before."""
        draw = np.random.default_rng((*self.stream, number))
        if self.dtype == "object":
            return np.asarray(draw.integers(0, self.below, self.sizes)).astype("U20")
        if "int" in self.dtype or self.dtype == "bool":
            end = max(self.low + 1, min(self.below, whole_range(self.dtype)[1] + 1))
            return np.asarray(draw.integers(self.low, end, self.sizes)).astype(self.dtype)
        wide = np.float64 if self.dtype in ("float64", "complex128") else np.float32
        return np.asarray(draw.standard_normal(self.sizes, wide)).astype(self.dtype)

    @property
    def sample_bytes(self) -> int:
        """Of one sample, which is not drawn for it: a file may ask for more than there is memory."""
        return math.prod(self.sizes) * int(replace(self, sizes=()).sample(0).itemsize)

    def limited(self, samples: int) -> Drawn:
        """The first `samples` of them."""
        return replace(self, samples=min(samples, self.samples))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def from_dict(plain: Mapping[str, Any]) -> Drawn:
    """What `as_dict` wrote into JSON."""
    return Drawn(**{**plain, "sizes": tuple(plain["sizes"]), "stream": tuple(plain["stream"])})


def whole_range(dtype: str) -> tuple[int, int]:
    """The smallest and the largest of a type of whole numbers, of four bits too; flags are 0 and 1."""
    if dtype == "bool":
        return 0, 1
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        return int(np.iinfo(kind).min), int(np.iinfo(kind).max)
    bits = int(dtype.lstrip("uint"))
    return (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
