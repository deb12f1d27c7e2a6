"""ONNX Runtime: https://onnxruntime.ai/docs/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.backends.contract import Backend, Candidate, Capabilities, Request
from runner.backends.onnxruntime import provider
from runner.core.setting_rules import setting


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads that run one operator", low=1)
    graph_optimization: str = setting(
        "how far the graph is rewritten before it is stored", choices=("disabled", "basic", "extended", "all")
    )
    execution_mode: str = setting("how operators follow each other", choices=("sequential", "parallel"))
    provider: str = setting("ONNX Runtime's execution provider; an error where it is not there")


def support(request: Request) -> str | None:
    """Reads every ONNX graph and precision; what then runs in which precision is recorded as `effective`.

    Raises Unavailable where the provider asked for is not here, SpecError where there is none of that name.
    """
    wanted = request.settings.provider
    if wanted != provider.EVERYWHERE:
        provider.check(wanted, request.ask(f"{__name__}.capabilities", "providers", wanted=wanted))
    return None


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """`all` chooses memory layouts by the CPU's vector width; the lower levels' graphs run anywhere."""
    if settings.graph_optimization != "all":
        return None
    return {"isa": hardware.get("isa")}


def baseline_overrides(candidate: Candidate) -> dict[str, Any]:
    """fp32 with as many threads as the candidate has; for another machine, the graph is optimised as far as the
    candidate's own, or as far as any machine can run it."""
    fair = {"precision": "fp32", "backend.threads": candidate.threads or 1}
    if not candidate.remote:
        return fair
    level = candidate.settings.graph_optimization if isinstance(candidate.settings, Settings) else "extended"
    return {**fair, "backend.graph_optimization": level}


BACKEND = Backend(
    settings=Settings,
    accepts=("onnx",),
    opens=(".onnx", ".ort"),
    precisions=("fp32", "fp16", "int8", "int8_dynamic"),
    distributions=("onnxruntime",),
    install="pip install onnxruntime",
    capabilities=Capabilities(profile=True),
    # How the stored graph is run; what is stored doesn't depend on it.
    session_settings={"threads": 1, "execution_mode": "sequential"},
    # Conv has one too (ConvInteger), but without the CPU's int8 dot product: about ten times slower than float.
    int8_dynamic_ops=("MatMul", "Gemm", "LSTM", "Attention"),
    portable="backend.graph_optimization=extended",
    support=support,
    tuned_to=tuned_to,
    baseline_overrides=baseline_overrides,
)
