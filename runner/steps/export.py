"""Step `export`: one checked ONNX file, of a trained network or of a finished file of the user's."""

from __future__ import annotations

from typing import Any

from runner.core.job import Job


def run(job: Job) -> dict[str, Any]:
    """Write `model.onnx` (batch axis symbolic) and, for a network of ours, `reference.npz`.

    Settings: `model` {name, settings}. Raises StepFailed where the file's outputs differ from torch's.
    """
    if "model" not in job.inputs:
        from runner.steps import _user_onnx

        return _user_onnx.export(job)
    from runner.steps import _torch_onnx

    return _torch_onnx.export(job)
