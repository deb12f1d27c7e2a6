"""What int8 is calibrated with: never the rows that are measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.data import arrays
from runner.tensors import random_inputs
from runner.tensors.random_inputs import Drawn

SHARE = 4  # of the user's rows, one in so many is kept for calibration
FEWEST = 16  # rows of which a part can be kept

Rows = NDArray[np.int64]


def split(rows: int, wanted: int, seed: int) -> tuple[Rows, Rows]:
    """(rows that are measured, rows for calibration) of a user's inputs, ascending, drawn by `seed`; a row is in one of
    them. Too few rows are all measured."""
    kept = min(wanted, rows // SHARE) if rows >= FEWEST else 0
    order = np.random.default_rng(seed).permutation(rows)
    return np.sort(order[kept:]), np.sort(order[:kept])


def some(rows: int, wanted: int, seed: int) -> Rows:
    """`wanted` rows of a set of their own."""
    return np.sort(np.random.default_rng(seed).permutation(rows)[:wanted])


def read(data: Path, most: int) -> Mapping[str, NDArray[Any] | Drawn]:
    """`{input: samples}` of a data artifact for calibrating, at most `most`; random ones are drawn when used."""
    meta = arrays.read_meta(data)
    if random := meta.get("calibration", {}).get("drawn"):
        return {name: random_inputs.from_dict(one).limited(most) for name, one in random.items()}
    given = arrays.inputs_of(arrays.read(data, "calibration"))
    return {name: array[:most] for name, array in given.items()}


def notes(data: Path) -> list[str]:
    """What a reader of int8's figures must know of its calibration."""
    text = arrays.read_meta(data).get("calibration", {}).get("said", "")
    return [text] if text else []
