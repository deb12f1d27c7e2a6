"""How far rounding alone moves what a model answers: a saturated sigmoid of 1e-5 has the rounding of the 1 in it, and
sums that cancel out have that of what they are made of. Less than that is no difference between two runtimes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

NUDGE = 4  # units in the last place, up and down in turns
SLACK = 10  # the roundings inside a runtime, as a multiple of what a nudge of its inputs does

Ask = Callable[[Mapping[str, Any]], "list[Any]"]  # outputs of inputs by name


def nudged(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs, of which numpy's own floats are another by a few units in the last place: eight bits have too few."""
    return {name: _moved(array) if is_float(array) else array for name, array in inputs.items()}


def is_float(array: Any) -> bool:
    """Whether its numbers are floats of numpy's own; those of ml_dtypes, which are of eight bits, say the same kind."""
    return bool(array.dtype.kind == "f" and array.dtype.type.__module__ == "numpy")


def _moved(array: Any) -> Any:
    step = NUDGE * np.finfo(array.dtype).eps
    signs = np.resize(np.array([1, -1], array.dtype), array.size).reshape(array.shape)
    return array * (1 + step * signs).astype(array.dtype)
