"""What ONNX Runtime makes of a file that is built already: it optimises it at each load, as any session does."""

from __future__ import annotations

import json
from typing import Any

from runner.backends.compile_checks import calibration_feed
from runner.backends.onnxruntime.compile import profile, runs_here, seen, unknown_entries
from runner.backends.onnxruntime.session import LOADING, open_session
from runner.core.job import Job


def as_built(job: Job) -> dict[str, Any]:
    """Writes `load.json`: how far the file is optimised when it is loaded. Says what ran where, of one real run."""
    settings, unseen = runs_here(dict(job.settings["settings"]))
    level = {"level": settings["graph_optimization"]}
    (job.out / LOADING).write_text(json.dumps(level) + "\n", encoding="utf-8")
    session = open_session(str(job.out), settings)
    nodes = profile(job.out, settings, calibration_feed(job.inputs["data"], session, 1), job.scratch)
    warnings = [*filter(None, (unseen,)), *unknown_entries(settings)]
    return {"version": session.version, **seen(nodes, settings["provider"], unseen), "warnings": warnings}
