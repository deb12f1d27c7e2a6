"""Step `quantize`: the precision in the graph, shared by all backends that read it from there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from runner.core import setting_rules
from runner.core.job import Job
from runner.spec import precision

if TYPE_CHECKING:
    import onnx


def run(job: Job) -> dict[str, Any]:
    """Write `model.onnx` in the asked precision; inputs and outputs keep their types.

    Settings: `precision` (fp16, int8, int8_dynamic), `settings` (of it), `dynamic_ops` (ONNX op types for which the
    target has dynamic int8 kernels). Meta: `quantized` `{op type: [quantised, all]}`, and a warning for each op type
    that stays in float. Raises StepFailed where the quantiser can't do the model.
    """
    import onnx

    from runner.data import calibration_set
    from runner.steps import _quantizers

    name = job.settings["precision"]
    chosen: Any = setting_rules.build(precision.settings_class(name), job.settings["settings"], "precision")
    model = _quantizers.named(onnx.load(job.inputs["model"] / "model.onnx"))
    notes: list[str] = []
    if name == "fp16":
        made = _quantizers.fp16(model)
    elif name == "int8":
        calibration = calibration_set.read(job.inputs["data"], chosen.calibration_samples)
        made, notes = _quantizers.static(model, chosen, calibration, job.scratch)
    else:
        made = _quantizers.dynamic(model, tuple(job.settings["dynamic_ops"]), job.scratch)
    onnx.save(made, job.out / "model.onnx")
    counts = _quantizers.counts(model, made, name)
    said = calibration_set.notes(job.inputs["data"]) if name == "int8" else []
    kept = {"keep_in_float": _quantizers.keep_in_float(model)} if name == "int8" else {}
    return {
        **kept,
        "precision": name,
        "quantized": counts,
        "warnings": [*notes, *_quantizers.warnings(counts, name, _types(made) != _types(model)), *said],
    }


def _types(model: onnx.ModelProto) -> Counter[str]:
    """How many operators of each type: casts and quantising nodes are new ones."""
    from runner.graphs import onnx_graph

    return Counter(node.op_type for node in onnx_graph.nodes(model.graph))
