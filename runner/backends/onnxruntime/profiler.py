"""What ONNX Runtime's profiler saw of a session's nodes: what ran, in which precision, for how long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TYPES = {"float": "fp32", "float16": "fp16", "bfloat16": "bf16", "double": "fp64", "int8": "int8", "uint8": "int8"}
# Its operators with weights of a few bits multiply in int8; the profiler leaves those weights out.
NARROW = ("MatMulNBits", "GatherBlockQuantized", "QMoE")
CONVERSIONS = ("Cast", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear")
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
    kernels = [one for one in found if one["name"].endswith(KERNEL)]
    seen: dict[str, dict[int, list[int]]] = {}
    for kernel in kernels:
        for index, run in enumerate(runs):
            if run["ts"] <= kernel["ts"] <= run["ts"] + run["dur"]:
                seen.setdefault(kernel["name"][: -len(KERNEL)], {}).setdefault(index, []).append(kernel["dur"])
                break
    about = nodes(found)
    return {
        "layers": [
            {
                "name": name,
                "type": about[name]["op_name"],
                "precision": precision(about[name]),
                "ns": 1000.0 * median([sum(times) for times in by_run.values()]),
                "calls": max(map(len, by_run.values())),
            }
            for name, by_run in seen.items()
        ],
        "statistic": "median",
        "run_ns": 1000.0 * median([run["dur"] for run in runs]),
        "resolution_ns": 1000.0,
    }


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
