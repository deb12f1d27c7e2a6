"""Compiles for OpenVINO: ONNX to its IR with the batch fixed, weights as they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import openvino  # type: ignore[import-untyped,unused-ignore]

from runner.backends.openvino.session import FILE, Session, configuration, last_line
from runner.errors import StepFailed, Unsupported
from runner.steps import Job

PRECISIONS = {"f32": "fp32", "f16": "fp16", "bf16": "bf16", "f64": "fp64", "i8": "int8", "u8": "int8"}
CONVERSIONS = ("Reorder", "Convert", "FakeQuantize")
NOT_WORK = ("Input", "Output", "Const")


def compile(job: Job) -> dict[str, Any]:
    """Writes `model.xml` and `model.bin` with the batch fixed; says what each layer runs in once it is loaded."""
    model = read(job.inputs["model"] / "model.onnx")
    fix_batch(model, job.settings["batch"])
    openvino.save_model(model, str(job.out / FILE), compress_to_fp16=False)
    session = Session(job.out / FILE, configuration(dict(job.settings["settings"]), job.settings["precision"]))
    warnings = _precision_kept(job.settings["precision"], session.effective["inference_precision"])
    return {"version": session.version, "effective": precisions(session), "fallback": {}, "warnings": warnings}


def read(path: Path) -> Any:
    """`openvino.Model` of an ONNX file. Raises Unsupported naming the operators that OpenVINO can't convert."""
    try:
        return openvino.Core().read_model(str(path))
    except RuntimeError as error:
        if "OpConversionFailure" in str(error):
            raise Unsupported(f"openvino: {last_line(error)}", "Choose another backend for this model.") from error
        raise StepFailed(
            f"openvino can't read {path}: {last_line(error)}",
            "If the file is damaged, remove its artifact folder and it is built again.",
        ) from error


def fix_batch(model: Any, batch: int) -> None:
    """Sets an open first axis of every input to `batch`, in place."""
    shapes = {port: port.get_partial_shape() for port in model.inputs}
    for shape in shapes.values():
        if len(shape) and shape[0].is_dynamic:
            shape[0] = batch
    try:
        model.reshape(shapes)
    except RuntimeError as error:
        raise Unsupported(f"openvino can't fix the batch at {batch}: {last_line(error)}", "Try batch 1.") from error


def precisions(session: Session) -> dict[str, dict[str, int]]:
    """`{layer type: {precision: layers}}` of the graph that the plug-in runs."""
    counts: dict[str, Counter[str]] = {}
    for layer in session.compiled.get_runtime_model().get_ops():
        info = layer.get_rt_info()
        kind, precision = info["layerType"].astype(str), info["runtimePrecision"].astype(str)
        if kind not in NOT_WORK:
            name = "conversion" if kind in CONVERSIONS else PRECISIONS.get(precision, precision)
            counts.setdefault(kind, Counter())[name] += 1
    return {kind: dict(count) for kind, count in sorted(counts.items())}


def _precision_kept(precision: str, found: str) -> list[str]:
    """A line where the plug-in took another float type than the spec's."""
    wanted = "f16" if precision == "fp16" else "f32"
    if found == wanted:
        return []
    return [f"precision={precision}: OpenVINO's CPU plug-in has no {wanted} kernels on this CPU and runs in {found}"]
