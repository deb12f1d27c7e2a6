"""PyTorch on the CPU, from the checkpoint: what the network does without any conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.backends import Support
from runner.settings import setting

DISTRIBUTIONS = ("torch",)
INSTALL = "pip install torch"
READS = "checkpoint"
# It reads no ONNX; of its own modules it quantises LSTM, GRU and Linear.
INT8_DYNAMIC_OPS = ()
# Its file holds the network, not how it is run.
SESSION_SETTINGS = {"threads": 1}

REASONS = {
    "fp16": "torch's float16 kernels for CPUs are far slower than float32: precision=fp32 or precision=int8_dynamic",
    "int8": "static int8 needs a quantised graph, and torch runs the checkpoint: precision=int8_dynamic, "
    "or backend=onnxruntime",
}


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads that run one operator", low=1)


def support(request: Support) -> str | None:
    """The precisions that torch's CPU kernels have, on models of our own."""
    if request.model == "onnx":
        return "torch runs trained networks, not ONNX files: backend=onnxruntime or openvino"
    reason = REASONS.get(request.precision)
    return f"precision={request.precision}: {reason}" if reason else None


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """None: its file holds the network, kernels are chosen when it is loaded."""
    return None
