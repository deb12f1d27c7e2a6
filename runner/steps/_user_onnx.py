"""From a user's ONNX file to ours: one file, checked, shapes fixed and inferred."""

from __future__ import annotations

from typing import Any

import onnx

from runner import settings
from runner.errors import SpecError
from runner.models import _onnx_file, graph
from runner.models.onnx import Settings
from runner.steps import Job


def export(job: Job) -> dict[str, Any]:
    """Write `model.onnx`. The reference outputs come with the data, which the model's inputs describe."""
    chosen = settings.build(Settings, job.settings["model"]["settings"], "model")
    path = str(chosen.path)
    fixed = _onnx_file.shaped(_onnx_file.complete(path), chosen.shapes, path)
    try:
        model = onnx.shape_inference.infer_shapes(fixed, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise SpecError(
            f"model.path={path}: its shapes don't fit together: {graph.first_line(error)}",
            "Check model.shapes, or export the model again.",
        ) from error
    onnx.save(model, job.out / "model.onnx")
    params, nonzero = graph.parameters(model)
    return {
        "inputs": graph.describe(graph.inputs(model)),
        "outputs": graph.describe(model.graph.output),
        "opset": max(item.version for item in model.opset_import if item.domain in ("", "ai.onnx")),
        "params": params,
        "nonzero_params": nonzero,
    }
