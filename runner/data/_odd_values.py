"""What is odd in the values of a series, in words: a column that stands still, a value far from all others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STUCK = 0.25  # share of the rows that are one value on end
NINES = re.compile(r"-?9{2,}(\.9+)?")  # -999, 9999, -99.9: what programs write for a missing value
FAR = 3  # times the range of all others, by which a value lies apart from them


def warnings(values: Floats, names: Sequence[str], training: int) -> list[str]:
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
        if _far(value, others) or _all_nines(value, others, known.size - others.size):
            often = "once" if others.size == known.size - 1 else f"{known.size - others.size} times"
            yield (
                f"{name} is {value:g} {often}, and else within {others.min():g} to {others.max():g}: "
                "if that stands for a missing value, leave it empty"
            )


def _far(value: float, others: Floats) -> bool:
    return float(np.abs(others - value).min()) > FAR * float(np.ptp(others))


def _all_nines(value: float, others: Floats, times: int) -> bool:
    """Whether `value` is written in nines, and alone below 0, or comes again and again apart from all others."""
    if not NINES.fullmatch(f"{value:.10g}"):
        return False
    apart = float(np.abs(others - value).min()) > float(np.ptp(others)) / 4
    return value < 0 <= others.min() or (apart and times > 1)
