"""A stage of a backend's own compile; of the last, `compile`, also how its result is opened, and how large it is.

Settings: `backend` (name), `stage` (its name, absent of the last), `settings` (those of the backend that the stage
reads, JSON types), what it asks of `batch`, `precision` (the option's name) and `tuned_to`, and, for a backend that
reads checkpoints, `model` (`{"name", "settings"}`).
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from runner.core import registry
from runner.core.job import Job

BESIDE = ("session.json", "reports")  # what isn't the compiled model


def run(job: Job) -> dict[str, Any]:
    """Files of the stage; of the last also `session.json` (which session opens them, for which batch and precision).

    Meta of the last: `effective` `{op or layer type: {precision: count}}`, `version`, `fallback` `{op type: count}`,
    `session`, `size` and `warnings`. Raises Unsupported, Unavailable or StepFailed.
    """
    from runner.backends import compile_checks

    module, stage = registry.module("backend", job.settings["backend"]), job.settings.get("stage")
    if stage:
        return compile_checks.returned(f"{module}.{stage}", stage, job)
    session = opened_by(job.out, module, batch=job.settings["batch"], precision=job.settings["precision"])
    job.progress(0, 1, f"{job.settings['backend']} compiles")
    meta = compile_checks.returned(f"{module}.compile", "compile", job, compile_checks.COMPILED)
    kept = compile_checks.precision_warnings(job.settings["precision"], meta["effective"])
    kept += compile_checks.fallback_warnings(job.settings["backend"], meta["fallback"])
    job.progress(1, 1, "done")
    return {**meta, "session": session, "size": size(job.out), "warnings": [*meta.get("warnings", []), *kept]}


def opened_by(folder: Path, backend: str, **about: Any) -> str:
    """The session's module of a backend's; writes into `folder` that it opens what is there."""
    session = f"{backend}.session"
    content = json.dumps({"session": session, **about}, indent=1) + "\n"
    (folder / "session.json").write_text(content, encoding="utf-8")
    return session


def size(folder: Path) -> dict[str, int]:
    """Bytes of the compiled files as they lie there, and packed by gzip (level 9), which shows sparsity; without
    what a compiler says of them in `reports/`."""
    own = [path for path in sorted(folder.rglob("*")) if path.relative_to(folder).parts[0] not in BESIDE]
    files = [path.read_bytes() for path in own if path.is_file()]
    return {
        "file_bytes": sum(len(content) for content in files),
        "gzip_bytes": sum(len(gzip.compress(content)) for content in files),
    }
