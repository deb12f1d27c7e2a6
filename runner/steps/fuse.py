"""Step `fuse`: a graph with the preprocessing of its data before it, so that its inputs are raw samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx

from runner.core.errors import StepFailed
from runner.core.job import Job
from runner.data import arrays
from runner.graphs import float_reference, onnx_graph
from runner.preprocessing import description, graph, host
from runner.preprocessing.description import Preprocessing

FEW = 16  # samples with which the nodes are proven
TOLERANCE = 1e-4  # of the inputs' largest magnitude: ONNX Runtime reckons with places between pixels in float32


def run(job: Job) -> dict[str, Any]:
    """Write `model.onnx`, whose precision is what it was: the nodes before it compute in floats; and `reference.npz`,
    what the model without them answers to the first calibration samples, made ready by numpy.

    Inputs: `model`, `data` (raw samples, and in their meta what is done to them). Raises StepFailed where the nodes
    make something else of samples than numpy does.
    """
    inputs = description.of_inputs(arrays.read_meta(job.inputs["data"]))
    given = onnx.load(job.inputs["model"] / "model.onnx")
    model = graph.joined(given, inputs)
    onnx.checker.check_model(model, full_check=True)
    every = arrays.inputs_of(arrays.read(job.inputs["data"], "calibration"))
    samples = {name: every[name][:FEW] for name in inputs}
    ready = {name: host.prepared(one, samples[name]) for name, one in inputs.items()}
    error = max(_apart(name, one, samples[name], ready[name], model) for name, one in inputs.items())
    onnx.save(model, job.out / "model.onnx")
    arrays.write_reference(job.out, float_reference.outputs(given, ready))
    return {
        "inputs": onnx_graph.describe(onnx_graph.inputs(model)),
        "outputs": onnx_graph.describe(model.graph.output),
        "max_abs_error_of_preprocessing": error,
    }


def _apart(name: str, one: Preprocessing, raw: Any, expected: Any, like: onnx.ModelProto) -> float:
    """How far the inputs that the nodes make, in ONNX Runtime, are from those that numpy makes."""
    made: Mapping[str, Any] = float_reference.outputs(graph.alone(name, one, like), {name: raw})
    worst = max((float(np.abs(found - expected).max()) for found in made.values()), default=np.inf)
    if not worst <= TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise StepFailed(
            f"The nodes that make input {name} ready differ from numpy by {worst:.3g}.",
            "Report this: the preprocessing of this data set is wrong.",
        )
    return worst
