"""ONNX Runtime: https://onnxruntime.ai/docs/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.backends import Support
from runner.backends.onnxruntime import provider
from runner.settings import setting

DISTRIBUTIONS = ("onnxruntime",)
INSTALL = "pip install onnxruntime"
READS = "onnx"
# Conv has one too (ConvInteger), but without the CPU's int8 dot product: about ten times slower than float.
INT8_DYNAMIC_OPS = ("MatMul", "Gemm", "LSTM", "Attention")
# With these settings a graph that is compiled here runs on machines of another kind.
PORTABLE = "backend.graph_optimization=extended"
# How the stored graph is run; what is stored doesn't depend on it.
SESSION_SETTINGS = {"threads": 1, "execution_mode": "sequential"}


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads that run one operator", low=1)
    graph_optimization: str = setting(
        "how far the graph is rewritten before it is stored", choices=("disabled", "basic", "extended", "all")
    )
    execution_mode: str = setting("how operators follow each other", choices=("sequential", "parallel"))
    provider: str = setting("ONNX Runtime's execution provider; an error where it is not there")


def support(request: Support) -> str | None:
    """Reads every ONNX graph and precision; what then runs in which precision is recorded as `effective`.

    Raises Unavailable where the provider asked for is not here, SpecError where there is none of that name.
    """
    wanted = request.settings.provider
    if wanted != provider.EVERYWHERE:
        provider.check(wanted, request.ask(f"{__name__}.inquiry", "providers", wanted=wanted))
    return None


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """`all` chooses memory layouts by the CPU's vector width; the lower levels' graphs run anywhere."""
    if settings.graph_optimization != "all":
        return None
    return {"isa": hardware.get("isa")}
