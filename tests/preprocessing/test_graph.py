"""Preprocessing as nodes of a graph: they make of raw samples what numpy makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from runner.graphs import onnx_graph
from runner.preprocessing import graph, host
from runner.preprocessing.description import AS_IT_IS, CHANNELS_FIRST, Preprocessing
from tests.models import onnx_files

MEAN, STD = (120.0, 110.0, 100.0), (50.0, 60.0, 70.0)
SMALLER = Preprocessing((11, 8, 3), "uint8", (5, 4), MEAN, STD, CHANNELS_FIRST)
LARGER = Preprocessing((4, 3, 3), "uint8", (9, 7), MEAN, STD, CHANNELS_FIRST)
BOTH = (SMALLER, LARGER)
SERIES = Preprocessing((6, 2), "float64", None, (1e9, 5.0), (2.0, 3.0), AS_IT_IS)


def joined(one: Preprocessing, folder: Path) -> onnx.ModelProto:
    """y = relu(x) with `one` before it."""
    file = onnx_files.one_node(folder / "my.onnx", "Relu", ["batch", *one.ready], ["batch", *one.ready])
    return graph.joined(onnx.load(file), {"x": one})


def drawn(one: Preprocessing) -> np.ndarray:
    values = np.random.default_rng(0).integers(0, 256, (2, *one.shape))
    return values.astype(one.dtype) + np.array(one.mean if one.dtype == "float64" else 0, one.dtype)


@pytest.mark.parametrize("one", [SMALLER, LARGER, SERIES], ids=["smaller", "larger", "series"])
def test_the_graph_takes_raw_samples_and_makes_of_them_what_numpy_makes(one: Preprocessing, tmp_path: Path) -> None:
    model = joined(one, tmp_path)
    onnx.checker.check_model(model, full_check=True)
    described = [{"name": "x", "shape": ["batch", *one.shape], "dtype": one.dtype}]
    assert onnx_graph.describe(onnx_graph.inputs(model)) == described
    (y,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": drawn(one)})
    np.testing.assert_allclose(y, np.maximum(host.prepared(one, drawn(one)), 0), atol=1e-4)


def test_only_what_gets_smaller_asks_for_antialiasing(tmp_path: Path) -> None:
    asked = [[one.name for node in joined(size, tmp_path).graph.node for one in node.attribute] for size in BOTH]
    assert ["antialias" in names for names in asked] == [True, False]


def test_only_antialiasing_needs_another_opset(tmp_path: Path) -> None:
    assert [joined(one, tmp_path).opset_import[0].version for one in (SERIES, LARGER, SMALLER)] == [13, 13, 18]


@pytest.mark.parametrize(("old", "new"), [(100, 32), (7, 32), (224, 640)])
def test_sizes_that_no_float_scales_exactly_are_met(old: int, new: int, tmp_path: Path) -> None:
    one = Preprocessing((old, old, 1), "uint8", (new, new), (0.0,), (1.0,), CHANNELS_FIRST)
    onnx.checker.check_model(joined(one, tmp_path), full_check=True)
    (y,) = onnxruntime.InferenceSession(joined(one, tmp_path).SerializeToString()).run(None, {"x": drawn(one)})
    np.testing.assert_allclose(y, host.prepared(one, drawn(one)), atol=255e-4)
