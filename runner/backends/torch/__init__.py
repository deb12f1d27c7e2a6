"""PyTorch on the CPU, from the checkpoint: what the network does without any conversion."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.backends.contract import AS_BUILT, Backend, Capabilities, Release, Request
from runner.core.errors import Unavailable
from runner.core.setting_rules import setting

COMPILER = "g++"  # what inductor calls on Linux
REASONS = {
    "onnx": "torch runs trained networks, not ONNX files: backend=onnxruntime or openvino",
    "fp16": "torch's float16 kernels for CPUs are far slower than float32: precision=fp32 or precision=int8_dynamic",
    "int8": "static int8 needs a quantised graph, and torch runs the checkpoint: precision=int8_dynamic, "
    "or backend=onnxruntime",
}


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads that run one operator", low=1)
    compiler: str = setting(
        "eager calls the network's own code, script is frozen TorchScript, inductor C++ made of the network",
        choices=("eager", "script", "inductor"),
    )
    channels_last: bool = setting("weights of convolutions with the channels last in memory")


def support(request: Request) -> str | None:
    """Raises Unavailable where inductor's C++ compiler is missing."""
    compiler = request.settings.compiler
    if compiler != "script" and request.precision == AS_BUILT:
        return f"backend.compiler={compiler}: a file that is built already runs as it is: backend.compiler=script"
    if compiler != "script" and request.precision == "int8_dynamic":
        return f"backend.compiler={compiler}: precision=int8_dynamic needs backend.compiler=script"
    if compiler == "inductor" and (missing := lacks()):
        raise Unavailable(f"backend.compiler=inductor: {missing[0]}", missing[1])
    return None


def lacks() -> tuple[str, str] | None:
    """What inductor needs and this machine has not, and what to do."""
    if shutil.which(COMPILER):
        return None
    return f"no C++ compiler ({COMPILER}) is here", "Install one: sudo apt-get install g++"


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """Inductor's code is for the CPU that compiles it."""
    return {"isa": hardware.get("isa")} if settings.compiler == "inductor" else None


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
    capabilities=Capabilities(profile=True),
    release=Release(index="https://download.pytorch.org/whl/cpu"),  # the usual index has builds of gigabytes, for GPUs
    # Its file holds the network, not how many threads run it.
    session_settings={"threads": 1},
    portable="backend.compiler=script",
    support=support,
    tuned_to=tuned_to,
    lacks=lacks,
)
