from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runner.backends import compile_checks
from runner.core.errors import StepFailed, Unsupported


class Constant:
    """A session that answers the same array to everything."""

    def __init__(self, output: list[float], shape: list[object] | None = None) -> None:
        self.output = np.array(output, np.float32)
        self.outputs = [{"name": "y", "shape": [len(output)], "dtype": "float32"}]
        self.inputs = [{"name": "x", "shape": shape or [1, 2], "dtype": "float32"}]

    def bind(self, arrays: dict[str, object]) -> dict[str, object]:
        return arrays

    def run(self, bound: dict[str, object]) -> list[object]:
        return [self.output]


def test_compared_answers_the_largest_difference() -> None:
    assert compile_checks.compared(Constant([1, 2]), {}, [np.array([1, 2.0009765625])], "fp32") == 0.0009765625


@pytest.mark.parametrize("output", [[1, 2.1], [1, float("nan")], [1, 2, 3]])
def test_compared_refuses_other_numbers_other_shapes_and_what_is_not_finite(output: list[float]) -> None:
    with pytest.raises(StepFailed, match="outputs differ by"):
        compile_checks.compared(Constant(output), {}, [np.array([1, 2])], "fp32")


def test_int8_may_round_at_other_places() -> None:
    assert compile_checks.compared(Constant([1, 2.1]), {}, [np.array([1, 2])], "int8") == pytest.approx(0.1)


def asked(found: float, source: compile_checks.Ask | None) -> float:
    x = np.array([1 - 2.0**-20], np.float32)
    return compile_checks.compared(Constant([found]), {"x": x}, [np.array([2.0**-20])], "fp32", source)


def test_what_rounding_alone_makes_is_no_difference() -> None:
    assert asked(2.0**-20 + 2.0**-23, lambda inputs: [1 - inputs["x"]]) == 2.0**-23


def test_more_than_rounding_makes_is_one() -> None:
    with pytest.raises(StepFailed, match="outputs differ by"):
        asked(2.0**-15, lambda inputs: [1 - inputs["x"]])


def test_a_source_that_rounding_does_not_move_has_its_tolerance_alone() -> None:
    with pytest.raises(StepFailed, match="outputs differ by"):
        asked(2.0**-20 + 2.0**-23, lambda inputs: [np.array([2.0**-20])])


@pytest.mark.parametrize(("answer", "what"), [(None, "NoneType"), ([], "0 outputs")])
def test_a_run_that_answers_with_no_list_of_its_outputs_is_told_with_the_file(
    answer: object, what: str, tmp_path: Path
) -> None:
    with pytest.raises(StepFailed) as caught:
        compile_checks.finite(Constant([1]), answer, tmp_path)
    assert caught.value.reason == f"{__file__}: run(bound) returned {what}: a list of 1 expected."


def test_an_open_size_takes_any() -> None:
    compile_checks.shapes(Constant([1], [1, "tokens"]), {"x": np.zeros((1, 2))}, 1)


def test_infinite_and_nan_by_right_are_equal() -> None:
    inf = float("inf")
    assert compile_checks.compared(Constant([1, inf]), {}, [np.array([1, inf])], "fp32") == 0
    with pytest.raises(StepFailed, match="outputs differ by inf"):
        compile_checks.compared(Constant([1, inf]), {}, [np.array([1, -inf])], "fp32")


def test_another_batch_than_asked_for_is_refused() -> None:
    with pytest.raises(Unsupported, match=r"\[1, 2\] in the model, but \[3, 2\] was asked for \(batch 3\)"):
        compile_checks.shapes(Constant([1]), {"x": np.zeros((3, 2))}, 3)


@pytest.mark.parametrize(
    ("precision", "effective", "lines"),
    [
        ("int8", {"LSTM": {"fp32": 1}}, ["precision=int8: 0 of 1 LSTM runs in int8 (1 in fp32)"]),
        (
            "int8_dynamic",
            {"DynamicQuantizeLSTM": {"int8": 2}, "MatMul": {"fp32": 1}, "DynamicQuantizeMatMul": {"int8": 3}},
            ["precision=int8_dynamic: 3 of 4 MatMul run in int8 (1 in fp32)"],
        ),
        ("fp16", {"Convolution": {"bf16": 2}}, ["precision=fp16: 0 of 2 Conv run in fp16 (2 in bf16)"]),
        ("int8", {"QuantizeLinear": {"conversion": 2}, "Convert": {"conversion": 1}, "QLinearConv": {"int8": 1}}, []),
        ("fp32", {"LSTM": {"fp32": 1}, "Relu": {"fp32": 1}}, []),
    ],
)
def test_what_runs_in_another_precision_is_counted(
    precision: str, effective: dict[str, dict[str, int]], lines: list[str]
) -> None:
    assert compile_checks.precision_warnings(precision, effective) == lines


def test_operators_that_ran_elsewhere_than_asked_are_told() -> None:
    said = compile_checks.fallback_warnings("onnxruntime", {"Softmax": 1, "MatMul": 2})
    assert said == ["fell back: 2 MatMul, 1 Softmax run elsewhere than backend=onnxruntime was asked for"]
    assert compile_checks.fallback_warnings("onnxruntime", {}) == []
