"""Scoring what a device predicted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from runner.core.errors import StepFailed
from runner.measure import quality
from runner.worker import predictions


def test_fidelity_by_hand():
    found, why_not = quality.fidelity({"y": np.array([3.0, 4.5])}, {"y": np.array([3.0, 4.0])})
    assert found == {"max_abs_error": 0.5, "sqnr_db": pytest.approx(10 * math.log10(25 / 0.25))}
    assert why_not == {}


def test_equal_outputs_have_no_noise_to_compare_with():
    found, why_not = quality.fidelity({"y": np.ones(3)}, {"y": np.ones(3)})
    assert found == {"max_abs_error": 0.0}
    assert "infinite" in why_not["fidelity/sqnr_db"]


def test_outputs_that_are_not_finite_have_no_fidelity():
    found, _ = quality.fidelity({"y": np.array([1.0, math.nan])}, {"y": np.ones(2)})
    assert all(math.isnan(value) for value in found.values())


def test_outputs_pair_up_by_name_else_by_order():
    a, b = np.array([1.0]), np.array([2.0])
    assert quality.fidelity({"b": b, "a": a}, {"a": a, "b": b})[0] == {"max_abs_error": 0.0}
    assert quality.fidelity({"out0": a, "out1": b}, {"a": a, "b": b})[0] == {"max_abs_error": 0.0}


def test_other_shapes_are_an_error_that_names_both():
    with pytest.raises(StepFailed, match=r"Output y has shape \(2,\), the float model's \(3,\)"):
        quality.fidelity({"y": np.ones(2)}, {"y": np.ones(3)})


def test_missing_outputs_are_an_error():
    with pytest.raises(StepFailed, match="lacks the float model's output z; it has y"):
        quality.fidelity({"y": np.ones(2)}, {"y": np.ones(2), "z": np.ones(2)})


def test_what_is_infinite_or_nan_by_right_is_equal():
    y = np.array([math.inf, math.nan, -math.inf, 1.0])
    assert quality.fidelity({"y": y}, {"y": y.copy()})[0] == {"max_abs_error": 0.0}


def test_outputs_whose_size_depends_on_the_data_are_compared_sample_by_sample():
    ours, theirs, other = (predictions.joined([np.ones((1, n)) for n in sizes]) for sizes in ((2, 3), (2, 3), (3, 2)))
    assert quality.fidelity({"y": ours}, {"y": theirs})[0] == {"max_abs_error": 0.0}
    found, why_not = quality.fidelity({"y": ours}, {"y": other})
    assert found == {}
    assert "sizes of outputs" in why_not["fidelity/max_abs_error"]


def test_texts_are_equal_or_not():
    found, _ = quality.fidelity({"y": np.array(["a", "b"])}, {"y": np.array(["a", "c"])})
    assert found["max_abs_error"] == 1.0


def test_it_judges_the_file_that_the_worker_wrote(artifacts: Path):
    found = quality.judge(artifacts / "reference.npz", artifacts / "data", artifacts / "reference.npz")
    assert found.quality == {"accuracy": 0.9}
    assert found.fidelity == {"max_abs_error": 0.0}


def test_without_the_float_models_outputs_fidelity_is_absent(artifacts: Path):
    found = quality.judge(artifacts / "reference.npz", artifacts / "data", None)
    assert found.fidelity == {}
    assert found.why_not["fidelity/max_abs_error"] == "no outputs of the float model are known"
