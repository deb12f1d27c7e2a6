"""From a user's ONNX file to ours: one file, checked, shapes fixed and inferred."""

from __future__ import annotations

from typing import Any

import onnx

from runner.core import setting_rules
from runner.core.job import Job
from runner.graphs import archive_shapes, onnx_file, onnx_format, onnx_graph
from runner.models.onnx import Settings


def export(job: Job) -> dict[str, Any]:
    """Write `model.onnx`. The reference outputs come with the data, which the model's inputs describe."""
    chosen = setting_rules.build(Settings, job.settings["model"]["settings"], "model")
    path = str(chosen.path)
    given = onnx_file.complete(path)
    shapes = archive_shapes.added(given, chosen.shapes, chosen.inputs)
    model, warnings = _inferred(onnx_file.shaped(given, shapes, path), path)
    onnx.save(model, job.out / "model.onnx")
    params, nonzero = onnx_graph.parameters(model)
    return {
        "inputs": onnx_graph.describe(onnx_graph.inputs(model)),
        "outputs": onnx_graph.describe(model.graph.output),
        "opset": onnx_format.versions(model)["opset"],
        "params": params,
        "nonzero_params": nonzero,
        "warnings": [*warnings, *archive_shapes.said(shapes, chosen.shapes, chosen.inputs)],
    }


def _inferred(fixed: onnx.ModelProto, path: str) -> tuple[onnx.ModelProto, list[str]]:
    """With the sizes that follow from the inputs'. What stops onnx's inference need not stop a runtime."""
    complaint = onnx_file.complaint(path)
    warnings = [f"onnx's checker finds fault with {path}: {complaint}"] if complaint else []
    try:
        return onnx.shape_inference.infer_shapes(fixed, check_type=True, strict_mode=True, data_prop=True), warnings
    except Exception as error:  # InferenceError, and what its parser raises
        said = f"sizes inside the graph aren't known: onnx can't infer them ({onnx_graph.first_line(error)})"
        return fixed, [*warnings, said]
