"""PyTorch on the CPU, from the checkpoint: what the network does without any conversion."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.backends.contract import ABOUT, AS_BUILT, COMPILE, Backend, Capabilities, Release, Request, Stage
from runner.core.errors import Unavailable
from runner.core.setting_rules import setting

LIBRARY = "model.so"  # inductor's
COMPILER = "g++"  # what inductor calls on Linux
QUANTISED = ("int8", "int8_dynamic")
PT2E = "torchao"  # what makes int8 for inductor
REASONS = {
    "onnx": "torch runs trained networks, not ONNX files: backend=onnxruntime or openvino",
    "fp16": "torch's float16 kernels for CPUs are far slower than float32: precision=fp32, int8 or int8_dynamic",
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
    if compiler == "eager" and request.precision in QUANTISED:
        what = f"precision={request.precision} makes another network than the one whose code eager calls"
        return f"backend.compiler=eager: {what}: backend.compiler=script or inductor"
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


def library(settings: Settings) -> tuple[str, ...]:
    """Where inductor compiles, its library, which is code: no other artifact may hold one."""
    return (LIBRARY,) if settings.compiler == "inductor" else ()


def uses(settings: Settings, precision: str) -> tuple[str, ...]:
    """What compiles beside torch."""
    return (PT2E,) if settings.compiler == "inductor" and precision in QUANTISED else ()


BACKEND = Backend(
    settings=Settings,
    accepts=("checkpoint",),
    opens=(".pt2", ".pt", ".ts"),
    code=(".pt2", ".so"),  # sizes in a program are expressions, which are evaluated as Python
    # Those that torch's CPU kernels have; dynamically it quantises LSTM, GRU and Linear of its own modules.
    precisions=("fp32", *QUANTISED),
    refuses=REASONS,
    distributions=("torch",),
    install="pip install 'edge-runner[train]'",
    capabilities=Capabilities(profile=True),
    # Without a word torch is eager. Inductor takes a minute: it races where it is named.
    races={"compiler": ("script", "eager")},
    # The usual index has builds of gigabytes, for GPUs.
    release=Release(index="https://download.pytorch.org/whl/cpu", build="cpu"),
    stages=(Stage(COMPILE, asks=ABOUT, provides_for=library, uses=uses),),
    # Its file holds the network, not how many threads run it.
    session_settings={"threads": 1},
    portable="backend.compiler=script",
    support=support,
    tuned_to=tuned_to,
    lacks=lacks,
)
