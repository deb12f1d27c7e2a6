"""Step `export`: the network as one checked ONNX file."""

from __future__ import annotations

from typing import Any

from runner.core.job import Job


def run(job: Job) -> dict[str, Any]:
    """Write `model.onnx` (batch axis symbolic) and, for a network of ours, `reference.npz`.

    Settings: `model` {name, settings}. Raises StepFailed where the file's outputs differ from torch's.
    """
    if job.settings["model"]["name"] == "onnx":
        from runner.steps import _user_onnx

        return _user_onnx.export(job)
    from runner.steps import _torch_onnx

    return _torch_onnx.export(job)
