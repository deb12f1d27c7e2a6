"""A stage of a backend's own compile; the last, `compile`, then proves that the result is what was asked for.

Settings: `backend` (name), `stage` (its name, absent of the last), `settings` (those of the backend that the stage
reads, JSON types), what it asks of `batch`, `precision` (the option's name) and `tuned_to`, and, for a backend that
reads checkpoints, `model` (`{"name", "settings"}`).
"""

from __future__ import annotations

import gzip
import importlib
import json
from pathlib import Path
from typing import Any

from runner.core import registry
from runner.core.job import Job
from runner.worker import opened


def run(job: Job) -> dict[str, Any]:
    """Files of the backend and `session.json` (which session opens them, for which batch and precision). What opens on
    its device alone is proven there, when it is measured.

    Meta: `effective` `{op or layer type: {precision: count}}`, `version`, `fallback`, `session`, `inputs`, `outputs`,
    `settings_effective` (read back from the runtime) and `warnings`. Raises Unsupported, Unavailable or StepFailed.
    """
    from runner.backends import compile_checks

    module, stage = registry.module("backend", job.settings["backend"]), job.settings.get("stage")
    if stage:
        made: dict[str, Any] = getattr(importlib.import_module(f"{module}.{stage}"), stage)(job)
        return made
    session = f"{module}.session"
    described = {"session": session, "batch": job.settings["batch"], "precision": job.settings["precision"]}
    (job.out / "session.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    job.progress(0, 2, f"{job.settings['backend']} compiles")
    meta = importlib.import_module(f"{module}.compile").compile(job)
    job.progress(1, 2, "proof")
    proof: dict[str, Any] = {"warnings": []}
    if importlib.import_module(module).BACKEND.capabilities.host_proof:
        proof = prove(job.out, session, dict(job.settings["settings"]), job.inputs["data"], job.settings["batch"])
    kept = compile_checks.precision_warnings(job.settings["precision"], meta["effective"])
    kept += compile_checks.fallback_warnings(job.settings["backend"], meta["fallback"])
    warnings = [*meta.get("warnings", []), *kept, *proof["warnings"]]
    job.progress(2, 2, "done")
    return {**meta, **proof, "session": session, "size": size(job.out), "warnings": warnings}


def size(folder: Path) -> dict[str, int]:
    """Bytes of the compiled files as they lie there, and packed by gzip (level 9), which shows sparsity."""
    files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "session.json"]
    return {
        "file_bytes": sum(len(content) for content in files),
        "gzip_bytes": sum(len(gzip.compress(content)) for content in files),
    }


def prove(folder: Path, session: str, options: dict[str, Any], data: Path, batch: int) -> dict[str, Any]:
    """Opens what was compiled, checks its input shapes and runs it once on real inputs.

    Returns `inputs`, `outputs` (`[{name, shape, dtype}]`) and `settings_effective`. Raises Unsupported where the
    shapes are not those asked for, StepFailed where an output is not finite and the float model's is.
    """
    from runner.backends import compile_checks

    ran = opened.opened(session, str(folder), options)
    feed = compile_checks.calibration_feed(data, ran, batch)
    compile_checks.shapes(ran, feed, batch)
    notes = compile_checks.finite(ran, ran.run(ran.bind(feed)), data)
    found = {"inputs": ran.inputs, "outputs": ran.outputs, "settings_effective": ran.effective}
    return {**found, "warnings": notes}
