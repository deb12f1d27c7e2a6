"""Labels for outputs as users have them: understood, or refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.tensors import labels
from runner.tensors.labels import Output

WHERE = "model.inputs=my.npz"


def output(*sizes: int, dtype: str = "float32", maker: str = "", classes: int | None = None) -> Output:
    return Output("y", sizes, dtype, maker, classes)


def accuracy(given: Any, values: Any, of: Output) -> float:
    """Of a model whose outputs are `values` (samples, …), the float model's as well as the compiled one's."""
    y = np.asarray(values)
    target, reading = labels.read(WHERE, np.asarray(given), of.measured(y))
    return float(labels.answers(y, target, reading.as_dict()).mean())


def said(given: Any, values: Any, of: Output) -> str:
    return labels.read(WHERE, np.asarray(given), of.measured(np.asarray(values)))[1].said


def refusal(given: Any, of: Output) -> str:
    with pytest.raises(SpecError) as error:
        labels.read(WHERE, np.asarray(given), of)
    return str(error.value)


SCORES = np.array([[5.0, 1, 2], [0, 1, 9], [1, 3, 2], [4, 2, 1]])


@pytest.mark.parametrize(
    "given",
    [
        [0, 2, 1, 1],
        [[0], [2], [1], [1]],
        [0.0, 2.0, 1.0, 1.0],
        np.eye(3)[[0, 2, 1, 1]],
        np.eye(3, dtype=bool)[[0, 2, 1, 1]],
    ],
)
def test_class_numbers_and_one_hot_labels_of_scores(given: Any) -> None:
    assert accuracy(given, SCORES, output(3)) == 0.75
    assert accuracy(given, SCORES[:, None], output(1, 3)) == 0.75


def test_one_column_of_probabilities_is_cut_at_a_half() -> None:
    y = np.array([[0.1], [0.9], [0.6], [0.4]], np.float32)
    assert accuracy([0, 1, 1, 1], y, output(1)) == 0.75
    assert accuracy([False, True, True, True], y[:, 0], output()) == 0.75
    assert said([0, 1, 1, 1], y, output(1)) == "one column: above 0.5 is 1 (all outputs lie in 0 to 1)"


def test_one_column_of_logits_is_cut_at_zero() -> None:
    y = np.array([[-3.0], [0.2], [4.0], [-0.1]], np.float32)
    assert accuracy([0, 1, 1, 1], y, output(1)) == 0.75
    assert said([0, 1, 1, 1], y, output(1)) == "one column: above 0 is 1 (outputs leave 0 to 1)"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (np.array([3.0, 97, 60, 40]), "float64 from 3 to 97"),  # percents
        (np.log([0.1, 0.9, 0.6, 0.4]), "float64 from -2.30259 to -0.105361"),  # logarithms of probabilities
        (np.array([13, 230, 154, 102], np.uint8), "uint8 from 13 to 230"),  # a quantised model's own output
        (np.array([-115, 102, 26, -26], np.int8), "int8 from -115 to 102"),
    ],
)
@pytest.mark.parametrize("columns", [1, 2])
def test_a_column_of_which_nobody_knows_where_1_begins_is_refused(values: Any, shown: str, columns: int) -> None:
    y = np.stack([values] * columns, axis=1)
    given = np.array([[0, 1, 1, 0]] * columns).T
    assert refusal(given if columns > 1 else given[:, 0], output(columns).measured(y)) == (
        f"{WHERE}: labels are 0 and 1; output y [samples, {columns}] is {shown}: which of it is 1 isn't known.\n"
        "Give a model whose output is a float: a probability, or a logit that is above 0 for 1 and below for 0."
    )


@pytest.mark.parametrize(("values", "right"), [([0.1, 0.9, 0.6, 0.4], 1.0), ([-3.0, 0.2, 4.0, 0.1], 0.75)])
def test_without_a_float_model_the_outputs_themselves_say_where_1_begins(values: list[float], right: float) -> None:
    target, reading = labels.read(WHERE, np.array([0, 1, 1, 0]), output(1))
    assert labels.answers(np.array(values)[:, None], target, reading.as_dict()).mean() == right
    with pytest.raises(SpecError, match="The scored output is float64 from 3 to 97: which of it is 1 isn't known"):
        labels.answers(np.array([[3.0], [97], [60], [40]]), target, reading.as_dict())


def test_eight_bits_that_are_0_and_1_are_yes_and_no() -> None:
    assert accuracy([0, 1, 1, 0], np.array([[0], [1], [1], [1]], np.uint8), output(1)) == 0.75


def test_a_sigmoid_is_a_probability_whatever_its_values() -> None:
    reading = labels.read(WHERE, np.array([0, 1]), output(1, maker="Sigmoid"))[1]
    assert (reading.how, reading.threshold) == ("threshold", 0.5)


def test_a_class_number_in_the_model_is_compared_as_it_is() -> None:
    for of in (output(dtype="int64", maker="ArgMax", classes=3), output(1, dtype="int32")):
        assert accuracy([0, 2, 1, 1], np.array([0, 2, 1, 0]).reshape(4, *of.shape or ()), of) == 0.75
    assert accuracy(np.eye(3)[[0, 2, 1, 1]], np.array([0, 2, 1, 0]), output(dtype="int64")) == 0.75


def test_yes_and_no_in_every_column() -> None:
    given = [[1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]]
    y = np.array([[0.9, 0.8, 0.1], [0.2, 0.1, 0.0], [0.9, 0.2, 0.9], [0.1, 0.9, 0.3]])
    assert accuracy(given, y, output(3)) == pytest.approx(11 / 12)
    assert said(given, y, output(3)).startswith("each column is yes or no: above 0.5 is 1")


@pytest.mark.parametrize("axis", [1, 3])
def test_each_pixel_has_a_class(axis: int) -> None:
    classes = np.random.default_rng(0).integers(0, 3, (2, 4, 5))
    y = np.moveaxis(np.eye(3)[classes], 3, axis)
    assert accuracy(classes, y, output(*y.shape[1:])) == 1.0
    assert accuracy(y, y, output(*y.shape[1:])) == 1.0


def test_text_is_compared_with_text() -> None:
    assert accuracy(["cat", "owl"], np.array(["cat", "cat"], object), output(dtype="object")) == 0.5


def test_labels_that_never_say_0_are_warned_of() -> None:
    warning = labels.read(WHERE, np.array([1, 2, 2]), output(3))[1].warning
    assert warning == "labels run from 1 to 2, the classes from 0 to 2: if labels count from 1, accuracy is wrong"


REFUSED: dict[str, tuple[Any, Output, str]] = {
    "counted from 1": (
        [1, 3, 2],
        output(3),
        "labels run from 1 to 3; output y [samples, 3] has the classes 0 to 2.\nCount them from 0: labels - 1",
    ),
    "counted from 1 for an ArgMax": (
        [1, 3, 2],
        output(dtype="int64", maker="ArgMax", classes=3),
        "labels run from 1 to 3; output y [samples] has the classes 0 to 2.\nCount them from 0: labels - 1",
    ),
    "counted from 1 for one column": (
        [1, 2, 2],
        output(1),
        "labels run from 1 to 2; output y [samples, 1] has the classes 0 to 1.\nCount them from 0: labels - 1",
    ),
    "-1 and 1": (
        [1, -1],
        output(1),
        "labels[1] is -1; output y [samples, 1] has the classes 0 to 1.\nGive class numbers from 0.",
    ),
    "a class too many": (
        [0, 7],
        output(3),
        "labels[1] is 7; output y [samples, 3] has the classes 0 to 2.\nGive class numbers from 0.",
    ),
    "a pixel to be ignored": (
        [[0, 255]],
        output(3, 2),
        "labels[0,1] is 255; output y [samples, 3, 2] has the classes 0 to 2.\nGive class numbers from 0.",
    ),
    "another shape": (
        np.zeros((2, 5), int),
        output(3),
        "labels [samples, 5] don't fit output y [samples, 3].\nGive class numbers [samples], or one-hot [samples, 3].",
    ),
    "indices of the five best": (
        [0, 1],
        output(5, dtype="int64", maker="TopK"),
        "labels [samples] don't fit output y [samples, 5].\nGive class numbers [samples, 5].",
    ),
    "axes that could all be the classes'": (
        np.zeros((2, 3), int),
        output(3, 3),
        "labels [samples, 3] don't fit output y [samples, 3, 3].\n"
        "Which axis holds the classes isn't clear: give labels one-hot.",
    ),
    "two classes at once for a Softmax": (
        [[1, 1, 0], [0, 0, 1]],
        output(3, maker="Softmax"),
        "labels have rows without exactly one 1; output y [samples, 3] is a Softmax, one class a row.\n"
        "Give one class number a row, or a model with a Sigmoid for each class.",
    ),
    "a fraction": ([0.5, 1], output(3), "labels[0] is 0.5, which is no class.\nGive class numbers from 0, or 0 and 1."),
    "NaN": ([1, np.nan], output(3), "labels[1] is nan, which is no class.\nGive class numbers from 0, or 0 and 1."),
    "dates": (
        np.array(["2020-01-01"], "M8[D]"),
        output(3),
        "labels are datetime64[D].\nGive class numbers from 0, or 0 and 1.",
    ),
    "numbers for text": (
        [0, 1],
        output(dtype="object"),
        "labels are int64; output y is text.\nGive the classes' names as text.",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_labels_that_cannot_be_that_outputs_are_refused(fault: str) -> None:
    given, of, expected = REFUSED[fault]
    assert refusal(given, of) == f"{WHERE}: {expected}"


def test_labels_from_1_show_in_a_models_own_answers() -> None:
    of = output(dtype="int64").measured(np.array([0, 1, 0]))
    assert refusal([1, 2, 1], of) == (
        f"{WHERE}: labels run from 1 to 2; output y [samples] has the classes 0 to 1.\nCount them from 0: labels - 1"
    )
