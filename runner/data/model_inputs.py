"""Inputs for a user's ONNX file: drawn by seed from what the file says of its inputs, or the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.settings import setting

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    from runner.data.arrays import Dataset

TASK = "tensors"
DISTRIBUTIONS = ("numpy", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Settings:
    """How many inputs are drawn, and from where; all but `calibration` is unused where model.inputs is given."""

    samples: int = setting("Inputs to draw for measuring and comparing", unit="samples", low=1, high=100_000)
    calibration: int = setting("Inputs for calibrating int8", unit="samples", low=1, high=100_000)
    integers_below: int = setting(
        "Whole-number inputs are drawn from 0 up to below this (token ids: the table's)", low=1
    )


def make(settings: Settings, needs: Mapping[str, Any], seed: int, inputs: Mapping[str, Path]) -> Dataset:
    """Test and calibration arrays for the `model` artifact (an export), and the float model's outputs on the test
    split as its reference. Raises SpecError for a bad file of inputs, StepFailed where the model doesn't run."""
    import numpy as np
    import onnx

    from runner.data.arrays import Dataset, inputs_of
    from runner.models import _tensors, graph

    model = onnx.load(inputs["model"] / "model.onnx")
    draw = np.random.default_rng(seed)
    if needs["inputs"]:
        test = _tensors.read(needs["inputs"], model, needs["metric"])
        calibration = {name: array[: settings.calibration] for name, array in test.items() if name.startswith("in/")}
    else:
        test = _drawn(model, settings.samples, settings.integers_below, draw)
        calibration = _drawn(model, settings.calibration, settings.integers_below, draw)
    reference = graph.outputs_of_float(model, inputs_of(test))
    return Dataset({"test": test, "calibration": calibration}, _meta(model, needs, test, calibration), reference)


def _drawn(model: onnx.ModelProto, samples: int, below: int, draw: Any) -> dict[str, NDArray[Any]]:
    from runner.models import graph

    batched = graph.is_batched(model)
    return {
        f"in/{value.name}": _array(
            graph.dtype(value), (samples, *graph.dims(value)[1 if batched else 0 :]), below, draw
        )
        for value in graph.inputs(model)
    }


def _array(dtype: str, shape: tuple[Any, ...], below: int, draw: Any) -> NDArray[Any]:
    """Standard normal floats, small whole numbers, coin flips."""
    import numpy as np

    if dtype == "bool":
        return np.asarray(draw.integers(0, 2, shape), bool)
    if np.issubdtype(np.dtype(dtype), np.integer):
        return np.asarray(draw.integers(0, below, shape), dtype)
    return np.asarray(draw.standard_normal(shape), dtype)


def _meta(
    model: onnx.ModelProto, needs: Mapping[str, Any], test: Mapping[str, Any], calibration: Mapping[str, Any]
) -> dict[str, Any]:
    from runner.models import graph

    parts = {"test": test, "calibration": calibration}
    return {
        "task": "tensors",
        "metric": needs["metric"],
        "unit": "",
        "features": [value.name for value in graph.inputs(model)],
        "source": "the user's" if needs["inputs"] else "random",
        "rows": {part: len(next(iter(arrays.values()))) for part, arrays in parts.items()},
        "shapes": {value.name: graph.dims(value) for value in graph.inputs(model)},
    }
