"""Apache TVM (Relax): https://tvm.apache.org/docs/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from runner.backends.contract import Backend, Candidate, Capabilities, Request, Stage
from runner.core.errors import SpecError
from runner.core.setting_rules import setting

MODEL, LIBRARY = "model.onnx", "model.so"
WORKLOADS, RECORDS = "database_workload.json", "database_tuning_record.json"  # of a tuned database


@dataclass(frozen=True)
class Tuning:
    trials: int = setting("ways of laying out kernels that are tried and measured; 0: none", low=0)
    budget_s: float = setting("longest time of all trials", unit="s", low=1)


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads that share out one kernel's loops", low=1)
    schedule: str = setting("how untuned kernels are laid out", choices=("default", "generic"))
    cpu: Optional[str] = setting("LLVM's name of the CPU to build for; null: the device's own")  # noqa: UP045
    tuning: Tuning = setting("kernels tried out on this machine before the model is compiled")  # noqa: RUF009


def support(request: Request) -> str | None:
    """Everything that the importer knows. Raises SpecError for a CPU that LLVM doesn't know, or that has instructions
    which this machine lacks."""
    cpu, there = request.settings.cpu, request.hardware
    if cpu is not None:
        problem = request.ask(f"{__name__}.cpus", "problem", cpu=cpu, machine=there.get("machine"))
        if problem:
            raise SpecError(f"backend.cpu={cpu}: {problem[0]}", problem[1])
    return None


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """A library holds the instructions of one kind of CPU."""
    if settings.cpu is not None:
        return {"machine": hardware.get("machine")}
    return {"machine": hardware.get("machine"), "cpu": hardware.get("cpu"), "isa": hardware.get("isa")}


def baseline_overrides(candidate: Candidate) -> dict[str, Any]:
    """fp32 with as many threads as the candidate has."""
    return {"precision": "fp32", "backend.threads": candidate.threads or 1}


BACKEND = Backend(
    settings=Settings,
    accepts=("onnx",),
    opens=(".so",),
    code=(".so",),
    precisions=("fp32", "fp16", "int8"),
    refuses={"int8_dynamic": "TVM has no kernels for it; precision=int8 takes real inputs to calibrate with"},
    distributions=("apache-tvm", "apache-tvm-ffi"),
    install="pip install 'edge-runner[tvm]'",
    # Kernels hold weights in the order that they read them in.
    capabilities=Capabilities(raw_weights=False, profile=True),
    session_settings={"threads": 1},
    portable="backend.cpu=generic",
    stages=(
        Stage(
            "tune",
            reads=("threads", "schedule", "cpu", "tuning"),
            asks=("batch", "tuned_to"),
            provides=(MODEL, WORKLOADS, RECORDS),
            rough_s=120.0,
            when=lambda settings: settings.tuning.trials > 0,
        ),
        Stage("compile", reads=("schedule", "cpu"), provides=(LIBRARY,), rough_s=15.0),
    ),
    support=support,
    tuned_to=tuned_to,
    baseline_overrides=baseline_overrides,
)
