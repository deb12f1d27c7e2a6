"""From a user's ONNX file to ours: one file, checked, shapes fixed and inferred."""

from __future__ import annotations

from typing import Any

import onnx

from runner import settings
from runner.models import _onnx_file, _onnx_format, graph
from runner.models.onnx import Settings
from runner.steps import Job


def export(job: Job) -> dict[str, Any]:
    """Write `model.onnx`. The reference outputs come with the data, which the model's inputs describe."""
    chosen = settings.build(Settings, job.settings["model"]["settings"], "model")
    path = str(chosen.path)
    model, warnings = _inferred(_onnx_file.shaped(_onnx_file.complete(path), chosen.shapes, path), path)
    onnx.save(model, job.out / "model.onnx")
    params, nonzero = graph.parameters(model)
    return {
        "inputs": graph.describe(graph.inputs(model)),
        "outputs": graph.describe(model.graph.output),
        "opset": _onnx_format.versions(model)["opset"],
        "params": params,
        "nonzero_params": nonzero,
        "warnings": warnings,
    }


def _inferred(fixed: onnx.ModelProto, path: str) -> tuple[onnx.ModelProto, list[str]]:
    """With the sizes that follow from the inputs'. What stops onnx's inference need not stop a runtime."""
    complaint = _onnx_file.complaint(path)
    warnings = [f"onnx's checker finds fault with {path}: {complaint}"] if complaint else []
    try:
        return onnx.shape_inference.infer_shapes(fixed, check_type=True, strict_mode=True, data_prop=True), warnings
    except Exception as error:  # InferenceError, and what its parser raises
        said = f"sizes inside the graph aren't known: onnx can't infer them ({graph.first_line(error)})"
        return fixed, [*warnings, said]
