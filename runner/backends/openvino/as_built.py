"""What OpenVINO makes of an IR that is built already."""

from __future__ import annotations

from typing import Any

from runner.backends.openvino.compile import precisions, runs_here
from runner.backends.openvino.session import open_session
from runner.core.job import Job


def as_built(job: Job) -> dict[str, Any]:
    """Says what each layer runs in once the IR is loaded, with floats in 32 bits as for every other model here."""
    settings, unseen = runs_here(dict(job.settings["settings"]))
    session = open_session(str(job.out), settings)
    effective = {} if unseen else precisions(session)
    return {"version": session.version, "effective": effective, "fallback": {}, "warnings": [unseen] if unseen else []}
