"""What OpenVINO makes of an IR that is built already."""

from __future__ import annotations

from typing import Any

from runner.backends.openvino.compile import precisions
from runner.backends.openvino.session import open_session
from runner.core.job import Job


def as_built(job: Job) -> dict[str, Any]:
    """Says what each layer runs in once the IR is loaded, with floats in 32 bits as for every other model here."""
    session = open_session(str(job.out), dict(job.settings["settings"]))
    return {"version": session.version, "effective": precisions(session), "fallback": {}}
