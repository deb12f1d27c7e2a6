from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from runner.tensors import rounding


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_a_nudge_is_a_few_units_in_the_last_place(kind: type) -> None:
    array = np.array([[1, -3], [0, 100]], kind)
    moved = rounding.nudged({"x": array})["x"]
    apart = (moved.astype(float) - array.astype(float)) / np.where(array == 0, 1, array).astype(float)
    assert moved.dtype == kind
    assert (np.abs(apart[array != 0]) > 0).all()
    assert np.abs(apart).max() <= 2 * rounding.NUDGE * np.finfo(kind).eps


def test_whole_numbers_truths_and_texts_stay() -> None:
    given = {"i": np.arange(3), "b": np.array([True]), "s": np.array(["a"])}
    assert {name: moved is given[name] for name, moved in rounding.nudged(given).items()} == dict.fromkeys(given, True)


def test_floats_of_eight_bits_stay() -> None:
    given = np.array([1.0, -2.0], ml_dtypes.float8_e4m3fn)
    assert rounding.nudged({"x": given})["x"] is given
