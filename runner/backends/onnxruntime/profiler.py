"""What ONNX Runtime's profiler saw of a session's nodes: what ran, in which precision, for how long."""

from __future__ import annotations

import json
from bisect import bisect_right
from pathlib import Path
from typing import Any

TYPES = {"float": "fp32", "float16": "fp16", "bfloat16": "bf16", "double": "fp64", "int8": "int8", "uint8": "int8"}
# Its operators with weights of a few bits multiply in int8; the profiler leaves those weights out.
NARROW = ("MatMulNBits", "GatherBlockQuantized", "QMoE")
CONVERSIONS = ("Cast", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
NUMPY = {"float": "float32", "double": "float64", "string": "object"}  # ONNX Runtime's names of others are numpy's
AROUND = ("If", "Loop", "Scan", "SequenceMap")  # whose kernels hold the kernels of graphs of their own
KERNEL = "_kernel_time"
RUN = "model_run"


def events(file: str) -> list[dict[str, Any]]:
    """The events in the file that the profiler wrote."""
    found: list[dict[str, Any]] = json.loads(Path(file).read_text(encoding="utf-8"))
    return found


def nodes(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """`{node: op_name, provider, types}` of all that ran."""
    return {one["name"][: -len(KERNEL)]: one["args"] for one in found if one["name"].endswith(KERNEL)}


def layers(found: list[dict[str, Any]], iterations: int) -> dict[str, Any]:
    """As `Session.profile`, of the last `iterations` runs. The profiler counts whole microseconds; a node of a loop's
    body may run several times in a run."""
    from statistics import median  # whoever measures imports this module, and waits for it

    runs = sorted((one for one in found if one["name"] == RUN), key=lambda one: int(one["ts"]))[-iterations:]
    seen = _by_run([one for one in found if one["name"].endswith(KERNEL)], runs)
    about = nodes(found)
    return {
        "layers": [
            {
                "name": name,
                "type": about[name]["op_name"],
                "precision": precision(about[name]),
                "ns": 1000.0 * median([sum(times) for times in by_run.values()]),
                "calls": max(map(len, by_run.values())),
                "nodes": [name],
                "outputs": _outputs(about[name]),
            }
            for name, by_run in seen.items()
        ],
        "statistic": "median",
        "run_ns": 1000.0 * median([run["dur"] for run in runs]),
        "resolution_ns": 1000.0,
    }


def _by_run(kernels: list[dict[str, Any]], runs: list[dict[str, Any]]) -> dict[str, dict[int, list[int]]]:
    """`{node: {run: microseconds of each call}}`, without what a branch's or a loop's own nodes took."""
    starts = [run["ts"] for run in runs]
    seen: dict[str, dict[int, list[int]]] = {}
    for kernel, own in zip(kernels, _own_times(kernels)):  # noqa: B905 - not in Python 3.8
        index = bisect_right(starts, kernel["ts"]) - 1
        if index >= 0 and kernel["ts"] <= starts[index] + runs[index]["dur"]:
            seen.setdefault(kernel["name"][: -len(KERNEL)], {}).setdefault(index, []).append(own)
    return seen


def _own_times(kernels: list[dict[str, Any]]) -> list[int]:
    """Microseconds of each kernel; of a branch or a loop without those of the nodes inside, which have their own."""
    own = [int(one["dur"]) for one in kernels]
    around: list[int] = []
    for place in sorted(range(len(kernels)), key=lambda at: (kernels[at]["ts"], -kernels[at]["dur"])):
        while around and not _within(kernels[place], kernels[around[-1]]):
            around.pop()
        if around:
            own[around[-1]] = max(0, own[around[-1]] - int(kernels[place]["dur"]))
        if kernels[place]["args"]["op_name"] in AROUND:
            around.append(place)
    return own


def _within(inner: dict[str, Any], outer: dict[str, Any]) -> bool:
    """Whether one ran inside the other, on the same thread."""
    return bool(inner["tid"] == outer["tid"] and inner["ts"] + inner["dur"] <= outer["ts"] + outer["dur"])


def _outputs(node: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = [(kind, shape) for tensor in node["output_type_shape"] for kind, shape in tensor.items()]
    return [{"dtype": NUMPY.get(kind, kind), "shape": shape} for kind, shape in kinds]


def precision(node: dict[str, Any]) -> str:
    """A node's precision from the types of the tensors it read: int8 where any is, else the first float."""
    if node["op_name"] in CONVERSIONS:
        return "conversion"
    if node["op_name"] in NARROW:
        return "int8"
    tensors = [*node["input_type_shape"], *node["output_type_shape"]]
    kinds = [TYPES.get(kind, kind) for tensor in tensors for kind in tensor]
    if "int8" in kinds:
        return "int8"
    return next((kind for kind in kinds if kind.startswith(("fp", "bf"))), kinds[0] if kinds else "none")
