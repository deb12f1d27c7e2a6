"""A profile of layers, of both sides, once they were benchmarked. A benchmark is kept without it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runner.backends import loading
from runner.core.errors import RunnerError
from runner.core.unexpected import attempt
from runner.execution.measurements.figures import MEDIAN
from runner.execution.measurements.protocol import Left, Work
from runner.measure import layer_profile
from runner.measure.layer_profile import FILE, LayerProfile


def measure(work: Work, before: Mapping[str, Any]) -> Left:
    """`layers.json`; a warning in its place where the candidate's profiler fails. Of a baseline without a profile the
    file says why."""
    candidate = _profiled(work, "candidate", before["metrics"])
    if isinstance(candidate, RunnerError):
        return Left(warnings=(f"no profile of layers: {candidate.reason}",))
    content: dict[str, Any] = {"schema": 1, **candidate.as_dict()}
    if work.cell.baseline:
        baseline = _of_baseline(work, work.cell.baseline.spec.backend.name, before["comparison"]["baseline"]["metrics"])
        content["baseline"] = {"reason": baseline} if isinstance(baseline, str) else baseline.as_dict()
    file = work.folder / FILE
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return Left(files={FILE: file})


def _of_baseline(work: Work, backend: str, metrics: Mapping[str, float]) -> LayerProfile | str:
    """The baseline's profile, or why it has none."""
    if not loading.backend(backend).capabilities.profile:
        return f"backend={backend} can't time its layers."
    found = _profiled(work, "baseline", metrics)
    return found.reason if isinstance(found, RunnerError) else found


def _profiled(work: Work, role: str, metrics: Mapping[str, float]) -> LayerProfile | RunnerError:
    iterations = work.cell.candidate.spec.profile.settings.iterations
    return attempt(lambda: layer_profile.profiled(work.run(), role, iterations, 1e6 * metrics[MEDIAN]))
