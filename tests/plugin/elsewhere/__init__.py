"""Somebody else's package: a backend that compiles on the device, and notes what it saw there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.backends.contract import Backend, Capabilities, Stage


@dataclass(frozen=True)
class Settings:
    """Nothing to set."""


def tuned_to(settings: Any, hardware: Mapping[str, Any]) -> dict[str, Any]:
    """The machine itself."""
    return {"identity": hardware.get("identity")}


BACKEND = Backend(
    settings=Settings,
    accepts=("onnx",),
    precisions=("fp32",),
    distributions=("onnxruntime",),
    install="pip install onnxruntime",
    capabilities=Capabilities(threads=False),
    stages=(
        Stage("parse", asks=(), needs=("model",)),
        Stage("compile", needs=("model",), place="device"),
    ),
    tuned_to=tuned_to,
)
