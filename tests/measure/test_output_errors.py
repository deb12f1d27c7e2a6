"""What quantising destroyed: columns that stand still where the float model's move."""

from __future__ import annotations

import numpy as np
import pytest

from runner.measure import output_errors

DRAW = np.random.default_rng(0)
FLOAT = np.concatenate([DRAW.uniform(0, 600, (40, 16)), DRAW.uniform(0, 1, (40, 4))], axis=1).astype(np.float32)


def test_columns_that_stand_still_are_named() -> None:
    ours = FLOAT.copy()
    ours[:, 16:] = 0
    found = output_errors.output_error("y", ours, FLOAT)
    assert found["constant"] == "columns 16-19 of y"
    assert found["sqnr_db"] > 40  # which alone says that all is well
    reason = output_errors.failure({"y": found}, "int8", {"y": ["Concat_6", "a:b"]})
    assert reason.startswith("int8 destroys columns 16-19 of y (SQNR of the whole output ")
    assert reason.endswith("""leave these nodes in float: 'precision.exclude=[Concat_6,"a:b"]'""")


def test_rounded_columns_are_not_destroyed() -> None:
    found = output_errors.output_error("y", np.round(FLOAT, 1), FLOAT)
    assert found["constant"] == ""
    assert output_errors.failure({"y": found}, "int8", {}) == ""


def test_a_column_that_the_float_model_hardly_varies_in_is_not_missed() -> None:
    theirs = np.zeros((40, 3), np.float32)
    theirs[0, 1] = 1.0  # a rectified value that is 0 but once
    assert output_errors.output_error("y", np.zeros_like(theirs), theirs)["constant"] == ""


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (np.s_[:, :, 2:4], "columns 2-3 of y"),
        (np.s_[:, 1], "column 1 (axis 1) of y"),
        (np.s_[:, 0, 0], "1 of 15 values of y"),
        (np.s_[:], "all of y"),
    ],
)
def test_axes_are_those_of_a_sample(place: object, said: str) -> None:
    theirs = DRAW.normal(size=(8, 3, 5)).astype(np.float32)
    ours = theirs.copy()
    ours[place] = 0.5  # type: ignore[index]
    assert output_errors.output_error("y", ours, theirs)["constant"] == said


def test_too_few_samples_say_nothing() -> None:
    assert output_errors.output_error("y", np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32))["constant"] == ""
