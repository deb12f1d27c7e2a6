"""A profile of layers, of both sides, once they were benchmarked. A benchmark is kept without it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.core.errors import RunnerError
from runner.core.unexpected import attempt
from runner.execution.measurements import roofline
from runner.execution.measurements.figures import MEDIAN
from runner.execution.measurements.protocol import Left, Work
from runner.measure import layer_profile
from runner.measure.layer_profile import ABSENT, FILE, Layer, LayerProfile
from runner.planning.support import unprofiled


def measure(work: Work, before: Mapping[str, Any]) -> Left:
    """`layers.json`. Where the candidate has no profile the record says why; where its profiler fails, a warning does,
    too. Of a baseline without one the file says why."""
    if why := unprofiled(work.cell.candidate.spec):
        return _absent(why, before)
    candidate = _profiled(work, "candidate", before)
    if isinstance(candidate, RunnerError):
        return replace(_absent(candidate.reason, before), warnings=(f"no profile of layers: {candidate.reason}",))
    content: dict[str, Any] = {"schema": 1, **candidate.as_dict()}
    if work.cell.baseline:
        baseline = _of_baseline(work, before)
        content["baseline"] = {"reason": baseline} if isinstance(baseline, str) else baseline.as_dict()
    file = work.folder / FILE
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return Left(files={FILE: file}, draw=lambda result: _picture(content, work.folder))


def _picture(content: Mapping[str, Any], folder: Path) -> Mapping[str, Path]:
    from runner.pictures import record_pictures

    return record_pictures.write(record_pictures.of_layers(content), folder)


def _absent(why: str, before: Mapping[str, Any]) -> Left:
    return Left({"unavailable": {**before["unavailable"], ABSENT: why}})


def _of_baseline(work: Work, before: Mapping[str, Any]) -> LayerProfile | str:
    """The baseline's profile, or why it has none."""
    if why := unprofiled(work.cell.by_role["baseline"].spec):
        return why
    found = _profiled(work, "baseline", before)
    return found.reason if isinstance(found, RunnerError) else found


def _profiled(work: Work, role: str, before: Mapping[str, Any]) -> LayerProfile | RunnerError:
    """With what each layer asks for; `before` is what the benchmark left."""
    iterations = work.cell.candidate.spec.profile.settings.iterations
    metrics = before["metrics"] if role == "candidate" else before["comparison"]["baseline"]["metrics"]
    settings = before["effective"][role]["settings"]

    def made() -> LayerProfile:
        found = layer_profile.profiled(work.run(), role, iterations, 1e6 * metrics[MEDIAN])
        return replace(found, layers=_costed(work, role, found, settings))

    return attempt(made)


def _costed(work: Work, role: str, found: LayerProfile, effective: Mapping[str, Any]) -> Sequence[Layer]:
    from runner.measure import layer_cost

    chain, artifacts = work.cell.by_role[role], work.artifacts[role]
    graph = roofline.cost_of_layers(chain, artifacts, found.sizes)
    return layer_cost.costed(found.layers, graph, roofline.peaks_of(work.root, chain, effective))
