"""Compiles for ONNX Runtime: batch fixed, graph optimised once and stored as it will run."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from runner.backends.check import calibration_feed, compared
from runner.backends.onnxruntime.session import FILE, load, open_session, session_options
from runner.steps import Job

TYPES = {"float": "fp32", "float16": "fp16", "bfloat16": "bf16", "double": "fp64", "int8": "int8", "uint8": "int8"}
CONVERSIONS = ("Cast", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")


def compile(job: Job) -> dict[str, Any]:
    """Writes `model.onnx` optimised for `job.settings["batch"]`; compares it with the graph that it came from."""
    settings, source = dict(job.settings["settings"]), job.inputs["model"] / FILE
    optimise(source, job.out / FILE, settings, job.settings["batch"])
    session = open_session(str(job.out), settings)
    feed = calibration_feed(job.inputs["data"], session, job.settings["batch"])
    original = _original(source, settings)
    expected = original.run([output["name"] for output in session.outputs], feed)
    error = compared(session, feed, expected, job.settings["precision"])
    nodes = profile(job.out / FILE, settings, feed, job.scratch)
    return {
        "version": session.version,
        "effective": precisions(nodes),
        "fallback": fallback(nodes, settings["provider"]),
        "max_abs_error_of_optimisation": error,
    }


def optimise(source: Path, target: Path, settings: dict[str, Any], batch: int) -> None:
    """ONNX Runtime's own optimiser, run offline; the graph that it would have run is stored."""
    options = session_options(settings, settings["graph_optimization"])
    options.add_free_dimension_override_by_name("batch", batch)
    options.optimized_model_filepath = str(target)
    load(source, options, settings["provider"])


def _original(source: Path, settings: dict[str, Any]) -> Any:
    """The graph before optimisation, as the reference for numbers."""
    return load(source, session_options(settings, "disabled"), "CPUExecutionProvider")


def profile(path: Path, settings: dict[str, Any], feed: dict[str, Any], scratch: Path) -> list[dict[str, Any]]:
    """One run's nodes as ONNX Runtime's profiler saw them (`op_name`, `provider`, types): what ran, not what the
    file says. ONNX Runtime puts Casts around operators for which it has no float16 kernel; here they show."""
    options = session_options(settings, "disabled")
    folder = Path(tempfile.mkdtemp(dir=scratch))
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "profile")
    session = load(path, options, settings["provider"])
    session.run(None, feed)
    events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    shutil.rmtree(folder)
    nodes = {event["name"]: event["args"] for event in events if event["name"].endswith("_kernel_time")}
    return list(nodes.values())


def precisions(nodes: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """`{op type: {precision: nodes}}`."""
    counts: dict[str, Counter[str]] = {}
    for node in nodes:
        counts.setdefault(node["op_name"], Counter())[_precision(node)] += 1
    return {op: dict(count) for op, count in sorted(counts.items())}


def fallback(nodes: list[dict[str, Any]], provider: str) -> dict[str, int]:
    """`{op type: nodes}` that did not run on the provider asked for."""
    return dict(Counter(node["op_name"] for node in nodes if node["provider"] != provider))


def _precision(node: dict[str, Any]) -> str:
    """A node's precision from the types of the tensors it read: int8 where any is, else the first float."""
    if node["op_name"] in CONVERSIONS:
        return "conversion"
    tensors = [*node["input_type_shape"], *node["output_type_shape"]]
    kinds = [TYPES.get(kind, kind) for tensor in tensors for kind in tensor]
    if "int8" in kinds:
        return "int8"
    return next((kind for kind in kinds if kind.startswith(("fp", "bf"))), kinds[0] if kinds else "none")
