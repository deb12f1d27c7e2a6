"""What is odd in the values of a series, in words: a column that stands still, a value far from all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STUCK = 0.25  # share of the rows that are one value on end
FAR = 3  # times the range of all others, by which a value lies apart from them


def said(values: Floats, names: Sequence[str], training: int) -> list[str]:
    """Of `values` (rows, features), NaN where missing, of which the first `training` rows are trained on."""
    columns = zip(names, values.T, strict=True)
    return [text for name, column in columns for text in (*_still(name, column, training), *_apart(name, column))]


def _still(name: str, column: Floats, training: int) -> Iterator[str]:
    part = column[:training]
    known = part[~np.isnan(part)]
    if known.size and np.ptp(known) == 0:
        yield f"{name} is {known[0]:g} in the whole training part: nothing can be learnt from it"
        return
    length, value = _longest_run(column[~np.isnan(column)])
    if length > STUCK * len(column):
        yield f"{name} is {value:g} in {length} of {len(column)} rows on end: did it get stuck?"


def _longest_run(known: Floats) -> tuple[int, float]:
    starts = np.flatnonzero(np.r_[True, np.diff(known) != 0])
    lengths = np.diff(np.r_[starts, known.size])
    longest = int(np.argmax(lengths))
    return int(lengths[longest]), float(known[starts[longest]])


def _apart(name: str, column: Floats) -> Iterator[str]:
    """Values such as -999, that stand for a missing one."""
    known = column[~np.isnan(column)]
    for value in dict.fromkeys((float(known.min()), float(known.max()))):
        others = known[known != value]
        if others.size < 2 or np.ptp(others) == 0:
            continue
        distance = float(np.abs(others - value).min())
        if distance > FAR * np.ptp(others):
            often = "once" if others.size == known.size - 1 else f"{known.size - others.size} times"
            yield (
                f"{name} is {value:g} {often}, and else within {others.min():g} to {others.max():g}: "
                "if that stands for a missing value, leave it empty"
            )
