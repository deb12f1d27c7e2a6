"""What quantising may destroy unseen: columns of an output that the float model varies in and the measured one doesn't.

One figure over all outputs doesn't show it: where boxes of some hundreds and scores below 1 share a scale, every score
becomes 0 and the error stays small.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.core import advice
from runner.worker import values

Array = NDArray[Any]
# A column counts as varying where at least this share of samples lie further than MOVED of its largest magnitude from
# its median: a value that is 0 in nearly every sample says little.
OFTEN = 0.25
MOVED = 0.01
LEAST_SAMPLES = 4


def output_error(name: str, ours: Array, theirs: Array) -> dict[str, Any]:
    """Of one output, both (samples, …): `sqnr_db` and `max_abs_error` (None: infinite or not finite) and `constant`,
    the columns in which it is constant and the float model's isn't, in words ("" where there are none)."""
    errors = values.differences(ours, theirs)
    noise, signal = float((errors**2).sum()), float((values.sizes(theirs) ** 2).sum())
    known = noise > 0 and signal > 0 and math.isfinite(noise) and math.isfinite(signal)
    worst = float(errors.max(initial=0))
    return {
        "sqnr_db": 10 * math.log10(signal / noise) if known else None,
        "max_abs_error": worst if math.isfinite(worst) else None,
        "constant": _lost_columns(name, constant(ours, theirs)) if noise else "",
    }


def constant(ours: Array, theirs: Array) -> NDArray[np.bool_]:
    """Of a sample's shape: where the float model's values vary from sample to sample and ours don't."""
    shape = theirs.shape[1:]
    if len(theirs) < LEAST_SAMPLES or theirs.dtype.kind not in "f" or not theirs.size:
        return np.zeros(shape, bool)
    still = (ours == ours[:1]).all(axis=0)
    if not still.any():
        return np.zeros(shape, bool)
    moved = np.zeros(shape, bool)
    moved[still] = _varies(theirs[:, still])
    return moved


def _varies(columns: Array) -> NDArray[np.bool_]:
    """(samples, columns) → (columns,)."""
    wide = np.where(np.isfinite(columns), columns, 0).astype(np.float64)
    far = np.abs(wide - np.median(wide, axis=0)) > MOVED * np.abs(wide).max(axis=0)
    return np.asarray(far.mean(axis=0) >= OFTEN)


def _lost_columns(name: str, dead: NDArray[np.bool_]) -> str:
    """`columns 16-19 of y`: along the axis in which whole slices are constant, else how many values are."""
    if not dead.any():
        return ""
    if dead.all():
        return f"all of {name}"
    for axis in reversed(range(dead.ndim)):
        others = tuple(other for other in range(dead.ndim) if other != axis)
        whole = np.flatnonzero(dead.all(axis=others))
        if len(whole) and dead.sum() == len(whole) * (dead.size // dead.shape[axis]):
            where = "" if axis == dead.ndim - 1 else f" (axis {axis + 1})"
            return f"column{'' if len(whole) == 1 else 's'} {_ranges(whole)}{where} of {name}"
    return f"{int(dead.sum())} of {dead.size} values of {name}"


def _ranges(numbers: NDArray[np.int64]) -> str:
    """`0-2, 5`; after the third range `…`."""
    parts = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    shown = [f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts]
    return ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "")


def failure(outputs: Mapping[str, Mapping[str, Any]], precision: str, keep: Mapping[str, list[str]]) -> str:
    """The check's reason where some output lost columns, "" where none did. `keep`: by output, the nodes that would
    have to stay in float."""
    lost = {name: one for name, one in outputs.items() if one["constant"]}
    if not lost:
        return ""
    worst = "; ".join(f"{one['constant']}{_db(one)}" for one in lost.values())
    nodes = list(dict.fromkeys(node for name in lost for node in keep.get(name, ())))
    typed = advice.settings("precision.exclude", nodes)
    remedy = f"leave these nodes in float: {typed}" if nodes else "choose another precision"
    return f"{precision} destroys {worst}: constant, where the float model's values vary; {remedy}"


def _db(one: Mapping[str, Any]) -> str:
    return "" if one["sqnr_db"] is None else f" (SQNR of the whole output {one['sqnr_db']:.1f} dB)"
