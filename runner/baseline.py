"""What a candidate is compared with: TensorRT where it can be had, otherwise ONNX Runtime fp32 on the same host."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from runner import devices, labels, options
from runner.errors import SpecError, Unavailable
from runner.settings import setting
from runner.spec import Spec

ITSELF = "its own"  # the label of a candidate that is its own baseline
NAMES = ("auto", "tensorrt", "onnxruntime", "self", "none", "spec")


@dataclass(frozen=True)
class Settings:
    overrides: tuple[str, ...] = setting(
        "overrides of the candidate's spec that make the baseline (baseline=spec only)"
    )


def resolve(spec: Spec, project: Path, backends: Collection[str]) -> Spec | None:
    """The baseline's spec; None for `baseline=none`, and where the baseline proves to be the candidate: that is one
    measurement. `self` is the candidate's own, an A/A that is really measured.

    `backends` are those that are declared (`options.names`). Raises Unavailable for `baseline=tensorrt` where there is
    no TensorRT backend, SpecError for wrong overrides.
    """
    name = spec.baseline.name
    overrides = spec.baseline.settings.overrides
    if overrides and name != "spec":
        raise SpecError(f"baseline.overrides with baseline={name}.", "Overrides belong to baseline=spec.")
    if name == "none":
        return None
    if name == "self":
        return spec
    found = _other(spec, overrides, project, backends)
    return None if found.measures_the_same(spec) else found


def _other(spec: Spec, overrides: tuple[str, ...], project: Path, backends: Collection[str]) -> Spec:
    name = spec.baseline.name
    if name == "spec":
        return _by_overrides(spec, overrides, project)
    if name == "tensorrt" or (name == "auto" and "tensorrt" in backends):
        return _tensorrt(spec, project, backends)
    return _onnxruntime(spec, project)


def label(baseline: Spec, candidate: Spec) -> str:
    """The baseline's name in tables: what it is, and all that it has else than the candidate; or `self`."""
    return labels.of_baseline(candidate.plain(), baseline.plain())


def _by_overrides(spec: Spec, overrides: tuple[str, ...], project: Path) -> Spec:
    if not overrides:
        raise SpecError(
            "baseline=spec without baseline.overrides.",
            "State what the baseline changes: baseline=spec 'baseline.overrides=[precision=fp32]'",
        )
    return options.override(spec, overrides, project)


def _onnxruntime(spec: Spec, project: Path) -> Spec:
    """The same model on the same data without compression, in fp32, with as many threads as the candidate has."""
    threads = getattr(spec.backend.settings, "threads", 1)
    plain = ("compression=none", "precision=fp32", "backend=onnxruntime", f"backend.threads={threads}")
    return options.override(spec, (*plain, *_for_device(spec)), project)


def _for_device(spec: Spec) -> tuple[str, ...]:
    """How far a graph is optimised for a device over ssh: as far as the candidate's, or as any machine can run it."""
    if devices.name_of(spec.hardware.settings) == devices.LOCAL:
        return ()
    level = getattr(spec.backend.settings, "graph_optimization", "extended")
    return (f"backend.graph_optimization={level}",)


def _tensorrt(spec: Spec, project: Path, backends: Collection[str]) -> Spec:
    if "tensorrt" not in backends:
        raise Unavailable(
            "baseline=tensorrt: no TensorRT backend is installed here.",
            "Use baseline=onnxruntime, or baseline=auto, which takes TensorRT where it can be had.",
        )
    return options.override(spec, ("compression=none", "backend=tensorrt"), project)
