"""OpenVINO: https://docs.openvino.ai/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from runner.backends.contract import ASKED, COMPILE, Backend, Capabilities, Release, Request, Stage
from runner.backends.openvino import devices
from runner.core.setting_rules import setting


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads of all inferences together", low=1)
    streams: Optional[int] = setting("inferences side by side; null leaves it to the hint", low=1)  # noqa: UP045
    hint: str = setting("what OpenVINO tunes its own settings for", choices=("none", "latency", "throughput"))
    requests: Optional[int] = setting(  # noqa: UP045
        "inferences asked for at once, with scenario=offline; null: as many as OpenVINO likes", low=1
    )
    pinning: Optional[bool] = setting("whether threads stay on their CPUs; null leaves it to OpenVINO")  # noqa: UP045
    device: str = setting("CPU, GPU, GPU.1, NPU, AUTO, HETERO:GPU,CPU, …; an error where it is not there")
    inference_precision: Optional[str] = setting(  # noqa: UP045
        "what floats are computed in; null: as precision says", choices=(None, "f32", "f16", "bf16")
    )
    format: str = setting("what is stored: the model, or what the plug-in made of it", choices=("ir", "blob"))


def support(request: Request) -> str | None:
    """Which operators it can't convert is only known from the file: compile names them.

    Raises Unavailable where the device asked for is not on the machine that runs the model, SpecError for a name that
    no device has.
    """
    wanted = request.settings.device
    devices.check_name(wanted)
    if wanted != devices.EVERYWHERE:
        devices.check(wanted, request.ask_there(f"{__name__}.devices", "found", wanted=wanted))
    return None


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """A plug-in's own file is for its device; an IR runs anywhere."""
    return {"isa": hardware.get("isa")} if settings.format == "blob" else None


BACKEND = Backend(
    settings=Settings,
    accepts=("onnx",),
    opens=(".xml",),
    companions={".xml": (".bin",)},
    # It reads dynamically quantised graphs, but runs them as the float operations that they are made of (2026.4): no
    # int8_dynamic_ops.
    precisions=("fp32", "fp16", "int8", "int8_dynamic"),
    distributions=("openvino",),
    install="pip install 'edge-runner[openvino]'",
    release=Release(beside=("onnx",)),
    stages=(Stage(COMPILE, asks=(*ASKED, "preprocess")),),
    capabilities=Capabilities(profile=True, overlaps={"threads": 2, "streams": 2}),
    # One inference at a time runs alike with every hint: threads and streams are given.
    races_offline={"hint": ("none", "throughput"), "streams": ("1", "null")},
    # How what is stored is run: they act when it is loaded.
    session_settings={"threads": 1, "streams": 1, "hint": "none", "requests": None, "pinning": None},
    # An IR for another machine's device is proven here by the CPU's plug-in.
    proof_settings={"device": devices.EVERYWHERE},
    portable="backend.format=ir",
    support=support,
    tuned_to=tuned_to,
)
