"""Which cell a record is of, and in what surroundings it came to be: parts that measured and unmeasured ones have."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from runner.artifacts.store import Artifact
from runner.backends import loading
from runner.core import installed
from runner.planning.graph import Cell
from runner.planning.requirements import Outcome
from runner.results import records
from runner.spec.tracking import NOTHING
from runner.spec.tracking import Settings as Tracking
from runner.worker import variables

PACKAGES = ("edge-runner", "numpy", "torch", "onnx", "onnxruntime", "openvino", "hydra-core", "mlflow-skinny")


@dataclass(frozen=True)
class Origin:
    """What a record says of the command that it comes from: its sweep, how many comparisons the sweep's table will
    have, how often a step (by key) was begun again because its worker of a cluster had died, how often the benchmark
    was because its worker had, what is to be warned of in every record of the command, and what its
    run in MLflow bears."""

    sweep: str = ""
    comparisons: int = 1
    retries: Mapping[str, int] = field(default_factory=dict)
    again: int = 0
    warnings: tuple[str, ...] = ()
    tracking: Tracking = NOTHING


def identity_of(
    cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin, hardware: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The parts of a record that don't depend on how the cell ends; `hardware` is what the candidate's device is."""
    spec = cell.candidate.spec
    return {
        "schema": records.SCHEMA,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "sweep": origin.sweep,
        "comparisons": origin.comparisons,
        "title": spec.title,
        "spec": spec.plain(),
        "spec_key": spec.key,
        "keys": dict(cell.candidate.keys),
        "input_files": _input_files(cell, outcomes),
        "retries": _retries(cell, outcomes, origin),
        "tracking": {"tags": origin.tracking.texts, "models": origin.tracking.models},
        "environment": {**_environment(cell), "images": _images(cell, outcomes), "hardware": hardware},
    }


def _input_files(cell: Cell, outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    """The user's files that the artifacts of both sides were made of, `{SHA-256: name}`, without their folders."""
    came = (outcomes.get(key) for chain in cell.chains for key in chain.keys.values())
    read = (one.content.get("settings", {}).get("files", {}) for one in came if isinstance(one, Artifact))
    return {digest: Path(path).name for files in read for path, digest in files.items()}


def _retries(cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin) -> dict[str, int]:
    """How often a step, or the benchmark, was begun again, because the process that ran it was killed: `{step:
    times}`, of both sides."""
    found = {"benchmark": origin.again}
    for chain in cell.chains:
        for step, key in chain.keys.items():
            came = outcomes.get(key)
            told = came.content.get("retries", 0) if isinstance(came, Artifact) else getattr(came, "retries", 0)
            found[step] = max(found.get(step, 0), told + origin.retries.get(key, 0))
    return {step: times for step, times in found.items() if times}


def _images(cell: Cell, outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, str]]:
    """The ids of containers' images in which steps were made: `{side: {step: id}}`."""
    found = {}
    for side, chain in zip(("candidate", "baseline"), cell.chains, strict=False):
        came = {step: outcomes.get(key) for step, key in chain.keys.items()}
        made = {step: one.content for step, one in came.items() if isinstance(one, Artifact)}
        found[side] = {step: content["image"] for step, content in made.items() if "image" in content}
    return {side: images for side, images in found.items() if images}


def _environment(cell: Cell) -> dict[str, Any]:
    own = [name for chain in cell.chains for name in loading.backend(chain.spec.backend.name).distributions]
    versions = {name: version for name, version in installed.versions((*PACKAGES, *own)).items() if version}
    kept = variables.of_timing(os.environ)
    return {"python": platform.python_version(), "packages": versions, "variables": kept}
