"""Apache TVM (Relax): https://tvm.apache.org/docs/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.backends.contract import AS_BUILT, Backend, Candidate, Capabilities, Release, Request, Stage
from runner.backends.tvm import cross
from runner.core.errors import Unavailable
from runner.core.setting_rules import setting
from runner.hardware import detect

DEVICE = "device"  # of `target`: the machine that the model is measured on
SOURCE = "reports/model.s"  # assembler
MODEL, LIBRARY = "model.onnx", "model.so"
WORKLOADS, RECORDS = "database_workload.json", "database_tuning_record.json"  # of a tuned database
TUNED_ON = "tuned_on.json"  # beside it: the devices that timed its trials, by name


@dataclass(frozen=True)
class Tuning:
    trials: int = setting("ways of laying out kernels that are tried and measured; 0: none", low=0)
    budget_s: float = setting("longest time of all trials", unit="s", low=1)


@dataclass(frozen=True)
class Settings:
    threads: int = setting("threads that share out one kernel's loops", low=1)
    schedule: str = setting("how untuned kernels are laid out", choices=("default", "generic"))
    target: str = setting("what is built for: device, an architecture, LLVM's name of a CPU, or a target of TVM's own")
    tuning: Tuning = setting("kernels tried out on the device before the model is compiled")  # noqa: RUF009


def support(request: Request) -> str | None:
    """Everything that the importer knows. Raises SpecError for a target that nobody knows or that the device can't run,
    Unavailable for one that nothing builds for here."""
    device, word = about(request.hardware), request.settings.target
    if device["machine"] is None or request.precision == AS_BUILT:  # it can't be reached, or nothing is built
        return None
    machine = device["machine"] if word == DEVICE else _asked(request, device)
    if problem := cross.missing(machine):
        raise Unavailable(f"backend.target={word}: {problem[0]}.", problem[1])
    if machine == device["machine"]:
        return None
    said = f"that is {machine}, and the device is {device['machine']}"
    if trials := request.settings.tuning.trials:
        return f"backend.tuning.trials={trials}: trials are timed on the device. backend.target={word}: {said}"
    return None if device == about(detect.described()) else f"backend.target={word}: {said}"


def _asked(request: Request, device: Mapping[str, Any]) -> str:
    settings, isa = request.settings, device["isa"] and tuple(device["isa"])
    asked = {**device, "isa": isa, "word": settings.target, "trials": settings.tuning.trials}
    machine: str = request.ask(f"{__name__}.targets", "checked", **asked)
    return machine


def about(hardware: Mapping[str, Any]) -> dict[str, Any]:
    """What of a machine its code depends on; None each where it isn't known."""
    return {name: hardware.get(name) for name in ("machine", "cpu", "isa")}


def tuned_to(settings: Settings, hardware: Mapping[str, Any]) -> dict[str, Any] | None:
    """A library holds the instructions of one kind of CPU, and trials say what is fast on one kind of device."""
    if settings.tuning.trials:
        return {**about(hardware), "board": hardware.get("board")}
    return about(hardware) if settings.target == DEVICE else {"machine": hardware.get("machine")}


def lacks() -> tuple[str, str] | None:
    """A compiler that links for Arm's boards."""
    return cross.missing("aarch64")


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
    # Newer releases of apache-tvm-ffi crash while TVM tunes; TVM 0.25 calls what those above 0.1.12 have no more.
    release=Release(
        beside=("onnx", "onnxruntime", "psutil", "apache-tvm-ffi==0.1.14.post1"), older=("apache-tvm-ffi==0.1.12",)
    ),
    # Kernels hold weights in the order that they read them in.
    capabilities=Capabilities(raw_weights=False, profile=True, cross_compiles=True),
    session_settings={"threads": 1},
    races={"schedule": ("generic", "default")},  # TVM's own is slower as a rule, and faster in some recurrent networks
    stages=(
        Stage(
            "tune",
            reads=("threads", "schedule", "target", "tuning"),
            asks=("batch", "tuned_to"),
            provides=(MODEL, WORKLOADS, RECORDS, TUNED_ON),
            rough_s=120.0,
            times_on_device=True,
            when=lambda settings: settings.tuning.trials > 0,
        ),
        Stage("compile", reads=("schedule", "target"), provides=(LIBRARY,), rough_s=15.0),
    ),
    support=support,
    tuned_to=tuned_to,
    source=SOURCE,
    lacks=lacks,
    baseline_overrides=baseline_overrides,
)
