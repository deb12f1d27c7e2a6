"""A precision is what ran, not what was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from runner.backends import effective_precision


@pytest.mark.parametrize(("asked", "ran", "quantized", "shown"), [
    ("fp32", {"LSTM": {"fp32": 1}, "Reshape": {"int64": 1}}, {}, "fp32"),
    ("fp32", {"Convolution": {"bf16": 3}, "Reorder": {"conversion": 4}}, {}, "fp32 (ran bf16)"),
    ("fp16", {"Conv": {"fp32": 38}, "Cast": {"conversion": 76}}, {"Conv": [38, 38]}, "fp16 (ran fp32)"),
    ("int8", {"LSTM": {"fp32": 1}, "Add": {"int8": 1}}, {"LSTM": [0, 1]}, "int8 (ran fp32)"),
    ("int8", {"Conv": {"fp32": 38}}, {"Conv": [0, 38]}, "int8 (ran fp32)"),
    ("int8", {"QLinearConv": {"int8": 12}, "Conv": {"fp32": 26}}, {"Conv": [12, 38]}, "int8 (12 of 38 Conv)"),
    ("int8", {"QLinearConv": {"int8": 38}, "Relu": {"fp32": 9}}, {"Conv": [38, 38]}, "int8"),
    ("int8", {"QLinearConv": {"int8": 30}, "Conv": {"fp32": 8}}, {"Conv": [38, 38]}, "int8 (30 of 38 operators)"),
    ("int8_dynamic", {"LSTM": {"fp32": 1}, "MatMulInteger": {"int8": 1}}, {"Gemm": [1, 1], "LSTM": [0, 1]},
     "int8_dynamic (0 of 1 LSTM)"),
    ("int8_dynamic", {"DynamicQuantizeLSTM": {"int8": 1}}, {"LSTM": [1, 1]}, "int8_dynamic"),
    ("int8", {"TreeEnsembleRegressor": {"fp32": 1}}, {}, "int8 (ran fp32)"),
    ("int8", {}, {}, "int8"),
])  # fmt: skip
def test_a_precision_says_what_ran(asked: str, ran: dict[str, Any], quantized: dict[str, Any], shown: str) -> None:
    assert effective_precision.shown(asked, ran, quantized) == shown


@pytest.mark.parametrize(("asked", "kind", "coarsest"), [
    ("fp32", "fp32", "fp32"), ("fp32", "int8", "int8"), ("fp32", "bf16", "fp16"), ("int8", "bf16", "int8"),
    ("fp16", "fp32", "fp16"),
])  # fmt: skip
def test_outputs_are_judged_by_the_coarsest_precision_that_ran(asked: str, kind: str, coarsest: str) -> None:
    assert effective_precision.coarsest(asked, {"Convolution": {kind: 1}}) == coarsest
