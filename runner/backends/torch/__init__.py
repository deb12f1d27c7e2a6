"""PyTorch on the CPU, from the checkpoint: what the network does without any conversion."""

from __future__ import annotations

from dataclasses import dataclass

from runner.backends.contract import Backend, Release
from runner.core.setting_rules import setting

REASONS = {
    "onnx": "torch runs trained networks, not ONNX files: backend=onnxruntime or openvino",
    "fp16": "torch's float16 kernels for CPUs are far slower than float32: precision=fp32 or precision=int8_dynamic",
    "int8": "static int8 needs a quantised graph, and torch runs the checkpoint: precision=int8_dynamic, "
    "or backend=onnxruntime",
}


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads that run one operator", low=1)


BACKEND = Backend(
    settings=Settings,
    accepts=("checkpoint",),
    opens=(".pt2", ".pt", ".ts"),
    code=(".pt2",),  # sizes in it are expressions, which are evaluated as Python
    # Those that torch's CPU kernels have; it quantises LSTM, GRU and Linear of its own modules.
    precisions=("fp32", "int8_dynamic"),
    refuses=REASONS,
    distributions=("torch",),
    install="pip install 'edge-runner[train]'",
    release=Release(index="https://download.pytorch.org/whl/cpu"),  # the usual index has builds of gigabytes, for GPUs
    # Its file holds the network, not how it is run: kernels are chosen when it is loaded.
    session_settings={"threads": 1},
)
