"""What a candidate is compared with: TensorRT where it can be had, otherwise ONNX Runtime fp32 on the same host."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from runner.backends import loading
from runner.backends.contract import AS_BUILT, Candidate
from runner.core.errors import Impossible, SpecError, Unavailable, check_choice
from runner.core.setting_rules import setting
from runner.spec import hardware, labels, options
from runner.spec.schema import Spec

RELEASE = "toolchain.version"
AS_INSTALLED = {RELEASE: None}  # a release is one backend's: another's has other numbers
ITSELF = "its own"  # the label of a candidate that is its own baseline
NAMES = ("auto", "tensorrt", "onnxruntime", "self", "none", "spec")


@dataclass(frozen=True)
class Settings:
    overrides: tuple[str, ...] = setting(
        "overrides of the candidate's spec that make the baseline (baseline=spec only)"
    )


def settings_class(name: str) -> type:
    """One for every option. Raises SpecError for an unknown one."""
    check_choice("baseline.name", name, NAMES)
    return Settings


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
    if name == "tensorrt" and name not in backends:
        raise Unavailable(
            "baseline=tensorrt: no TensorRT backend is installed here.",
            "Use baseline=onnxruntime, or baseline=auto, which takes TensorRT where it can be had.",
        )
    if name == "auto":
        name = "tensorrt" if "tensorrt" in backends else "onnxruntime"
    _check_opens(spec, name)
    return _uncompressed(spec, name, project)


def _check_opens(spec: Spec, backend: str) -> None:
    """A file that is built already can't be made into one that the baseline's backend runs. Raises Impossible."""
    path = str(spec.model.settings.path) if spec.built else ""
    if path and Path(path).suffix.lower() not in loading.backend(backend).opens:
        raise Impossible(
            f"baseline={spec.baseline.name}: backend={backend} doesn't open {path}.",
            "Use baseline=none, or name another file: baseline=spec 'baseline.overrides=[model.path=OTHER]'",
        )


def label(baseline: Spec, candidate: Spec) -> str:
    """The baseline's name in tables: what it is, and all in which it differs from the candidate; or `self`."""
    return labels.of_baseline(candidate.plain(), baseline.plain())


def _by_overrides(spec: Spec, overrides: tuple[str, ...], project: Path) -> Spec:
    if not overrides:
        raise SpecError(
            "baseline=spec without baseline.overrides.",
            "State what the baseline changes: baseline=spec 'baseline.overrides=[precision=fp32]'",
        )
    found = options.override(spec, overrides, project)
    named = any(one.partition("=")[0] == RELEASE for one in overrides)
    return found if named or found.backend == spec.backend else options.changed(found, AS_INSTALLED, project)


def _uncompressed(spec: Spec, backend: str, project: Path) -> Spec:
    """The same model on the same data without compression by `backend` as it is installed here, set as it says is fair
    beside the candidate."""
    chosen = options.changed(spec, {"backend": backend, **AS_INSTALLED}, project)
    threads = loading.backend(spec.backend.name).threads(spec.backend.settings)
    remote = hardware.name_of(spec.hardware.settings) != hardware.LOCAL
    candidate = Candidate(spec.backend.name, spec.backend.settings, threads, remote)
    fair = loading.ask(backend, "baseline_overrides", candidate)
    as_it_is = {"precision": AS_BUILT} if spec.built else {}  # nothing else can be made of a built file
    return options.changed(chosen, {"compression": "none", **fair, **as_it_is}, project)
