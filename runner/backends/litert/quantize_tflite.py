"""A `.tflite` in the precision asked for, by `ai-edge-quantizer`. Runs in the toolchain."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runner.backends.litert.session import FILE, PLAIN, Session
from runner.core.errors import StepFailed, Unsupported
from runner.core.job import Job
from runner.data import calibration_set
from runner.worker import input_batches

FLOAT16 = {
    "weight_tensor_config": {"num_bits": 16, "symmetric": True, "granularity": "TENSORWISE", "dtype": "FLOAT"},
    "compute_precision": "FLOAT",
    "explicit_dequantize": True,
}

Recipe = list[dict[str, Any]]


def quantize_tflite(job: Job) -> dict[str, Any]:
    """Writes `model.tflite`. Raises Unsupported for what the quantiser can't do."""
    source, precision = job.inputs["model"] / FILE, job.settings["precision"]
    if precision == "fp32":
        shutil.copyfile(source, job.out / FILE)
        return {"warnings": []}
    from ai_edge_quantizer import quantizer  # type: ignore[import-not-found,unused-ignore]

    made = quantizer.Quantizer(str(source), recipe(precision, job.settings))
    job.progress(0, 1, "ai-edge-quantizer")
    ranges = _ranges(source, made, job) if made.need_calibration else None
    made.quantize(ranges).export_model(str(job.out / FILE), overwrite=True)
    return {"warnings": calibration_set.notes(job.inputs["data"]) if ranges else []}


def recipe(precision: str, asked: Mapping[str, Any]) -> Recipe:
    """What the quantiser does to which operators. Raises Unsupported for settings that it has not."""
    if precision == "int8":
        _check(asked["precision_settings"])
    from ai_edge_quantizer import recipe as recipes

    if precision == "fp16":
        return [_rule("float_casting", op_config=FLOAT16)]
    if precision == "int8_dynamic":
        return list(recipes.dynamic_wi8_afp32())
    narrow, wide = recipes.static_wi8_ai8, recipes.static_wi8_ai16
    found = list((narrow if asked["settings"]["activations"] == 8 else wide)())
    if not asked["precision_settings"]["per_channel"]:
        for rule in found:
            rule["op_config"]["weight_tensor_config"]["granularity"] = "TENSORWISE"
    if asked["settings"]["io"] == "float":
        found += [_rule("no_quantize", operation=port) for port in ("INPUT", "OUTPUT")]
    return found


def _rule(algorithm: str, operation: str = "*", **more: Any) -> dict[str, Any]:
    return {"regex": ".*", "operation": operation, "algorithm_key": algorithm, **more}


def _check(settings: Mapping[str, Any]) -> None:
    if settings["calibration"] != "minmax":
        said = f"precision.calibration={settings['calibration']}: LiteRT's quantiser knows ranges alone."
        raise Unsupported(said, "Use precision.calibration=minmax")
    if settings["exclude"]:
        said = f"precision.exclude={list(settings['exclude'])}: they are names of an ONNX graph's nodes."
        raise Unsupported(said, "Leave it out, or use backend=onnxruntime")


def _ranges(source: Path, made: Any, job: Job) -> Any:
    """The smallest and largest value of each tensor over the calibration split.

    Not by `Quantizer.calibrate`, which averages minima and maxima: that clips, and costs 15 to 20 dB.
    """
    from ai_edge_quantizer import calibrator
    from ai_edge_quantizer.utils import qsv_utils  # type: ignore[import-not-found,unused-ignore]

    session = Session(source, {**PLAIN, "channels": job.settings["settings"]["channels"]}, as_built=False)
    given = calibration_set.read(job.inputs["data"], job.settings["precision_settings"]["calibration_samples"])
    samples = list(_feeds({name: np.asarray(array[:]) for name, array in given.items()}, session))
    watched = calibrator.Calibrator(
        source.read_bytes(),
        num_threads=1,
        mode=calibrator.CalibrationMode.CALIBRATION_PRESERVE_ALL_TENSORS,
        qsv_update_func=qsv_utils.min_max_update,
    )
    watched.calibrate(dict.fromkeys(session.signatures, samples), made._recipe_manager)
    return watched.get_model_qsvs()


def _feeds(arrays: Mapping[str, Any], session: Session) -> Iterator[dict[str, Any]]:
    """Real inputs of the file's own sizes. Raises StepFailed where one is not finite: its ranges would be none."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise StepFailed(f"The calibration values of {name} hold NaN or infinity.", "int8 needs finite ones.")
    batched = input_batches.has_batch_axis(dict(arrays), session.inputs)
    batch = session.inputs[0]["shape"][0] if batched else 1
    for _, feed in input_batches.whole(dict(arrays), batch, batched):
        yield {spec["name"]: given for spec, (_, given) in zip(session.inputs, session.bind(feed), strict=True)}
