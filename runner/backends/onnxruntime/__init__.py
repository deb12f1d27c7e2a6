"""ONNX Runtime: https://onnxruntime.ai/docs/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Dict, Union  # noqa: UP035 - Python 3.8: it travels

from runner.backends.contract import Backend, Candidate, Capabilities, Release, Request
from runner.backends.onnxruntime import provider
from runner.backends.onnxruntime.entries import check_entries
from runner.core.setting_rules import setting

Entries = Dict[str, Union[bool, int, float, str]]  # noqa: UP006, UP007
FORMATS = ("onnx", "ort")


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads that run one operator", low=1)
    graph_optimization: str = setting(
        "how far the graph is rewritten before it is stored", choices=("disabled", "basic", "extended", "layout", "all")
    )
    execution_mode: str = setting("how operators follow each other", choices=("sequential", "parallel"))
    provider: str = setting("ONNX Runtime's execution provider; an error where it is not there")
    provider_options: Entries = setting("the provider's own options")  # noqa: RUF009 - a field, as all
    format: str = setting("of the stored file; ort is the one that builds for small devices read", choices=FORMATS)
    io: str = setting("inputs and outputs bound to memory once, or copied in each run", choices=("bind", "copy"))
    spinning: bool = setting("whether threads without work spin before they sleep")
    arena: bool = setting("whether the CPU's memory is kept from one run to the next")
    session: Entries = setting("further entries of the session's configuration, by ONNX Runtime's names")  # noqa: RUF009


def support(request: Request) -> str | None:
    """Reads every ONNX graph and precision; what then runs in which precision is recorded as `effective`.

    Raises Unavailable where the provider asked for is not on the machine that runs the model, SpecError where there is
    none of that name, Impossible where `session` has what another setting says.
    """
    check_entries(request.settings.session)
    wanted = request.settings.provider
    if wanted != provider.EVERYWHERE:
        provider.check(wanted, request.ask_there(f"{__name__}.provider", "found", wanted=wanted))
    return None


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """`layout` and `all` choose memory layouts by the CPU's vector width; the lower levels' graphs run anywhere, and so
    do those that another provider optimises when it loads them."""
    if settings.graph_optimization not in ("layout", "all") or settings.provider != provider.EVERYWHERE:
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
    release=Release(beside=("onnx",)),
    capabilities=Capabilities(profile=True),
    # How the stored graph is run; what is stored doesn't depend on it. An entry of `session` may change the graph.
    session_settings={"threads": 1, "execution_mode": "sequential", "io": "bind", "spinning": True, "arena": True},
    # A graph for another machine's provider is proven here by the CPU's.
    proof_settings={"provider": provider.EVERYWHERE, "provider_options": {}},
    # `parallel` is for graphs with branches, and threads for them.
    races={"graph_optimization": ("all", "extended"), "execution_mode": ("sequential", "parallel")},
    # Conv has one too (ConvInteger), but without the CPU's int8 dot product: about ten times slower than float.
    int8_dynamic_ops=("MatMul", "Gemm", "LSTM", "Attention"),
    portable="backend.graph_optimization=extended",
    support=support,
    tuned_to=tuned_to,
    baseline_overrides=baseline_overrides,
)
