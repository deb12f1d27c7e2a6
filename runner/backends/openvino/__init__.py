"""OpenVINO's CPU plug-in: https://docs.openvino.ai/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from runner.backends.contract import Backend, Capabilities
from runner.core.setting_rules import setting


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads of one inference", low=1)
    streams: Optional[int] = setting("inferences side by side; null leaves it to the hint", low=1)  # noqa: UP045
    hint: str = setting("what OpenVINO tunes its own settings for", choices=("none", "latency", "throughput"))


BACKEND = Backend(
    settings=Settings,
    accepts=("onnx",),
    opens=(".xml",),
    companions={".xml": (".bin",)},
    # Which operators it can't convert is only known from the file: compile names them. It reads dynamically quantised
    # graphs, but runs them as the float operations that they are made of (2026.4): no int8_dynamic_ops.
    precisions=("fp32", "fp16", "int8", "int8_dynamic"),
    distributions=("openvino",),
    install="pip install 'edge-runner[openvino]'",
    capabilities=Capabilities(profile=True),
    # Its file is a graph, which runs on any machine: all of them act when it is loaded.
    session_settings={"threads": 1, "streams": 1, "hint": "none"},
)
