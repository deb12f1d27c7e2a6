"""OpenVINO's CPU plug-in: https://docs.openvino.ai/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from runner.backends import Support
from runner.settings import setting

DISTRIBUTIONS = ("openvino",)
INSTALL = "pip install 'edge-runner[openvino]'"
READS = "onnx"
# It reads dynamically quantised graphs, but runs them as the float operations that they are made of (2026.4).
INT8_DYNAMIC_OPS = ()
# Its file is a graph: all of them act when it is loaded.
SESSION_SETTINGS = {"threads": 1, "streams": 1, "hint": "none"}


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads of one inference", low=1)
    streams: Optional[int] = setting("inferences side by side; null leaves it to the hint", low=1)  # noqa: UP045
    hint: str = setting("what OpenVINO tunes its own settings for", choices=("none", "latency", "throughput"))


def support(request: Support) -> str | None:
    """Operators that it can't convert are only known from the file: compile names them."""
    return None


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """None: its file is a graph; it is tuned to the machine when it is loaded."""
    return None
