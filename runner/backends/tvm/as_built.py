"""What TVM makes of a library that another program of it built."""

from __future__ import annotations

import json
from typing import Any

from runner.backends import compile_checks
from runner.backends.tvm.session import SIGNATURE, open_session
from runner.core.job import Job


def as_built(job: Job) -> dict[str, Any]:
    """Writes the sizes of its inputs and outputs, of one real run. What it computes in, machine code doesn't tell."""
    session = open_session(str(job.out), dict(job.settings["settings"]))
    content = {**compile_checks.signature(session, job.inputs["data"]), "built": {}}
    (job.out / SIGNATURE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return {"version": session.version, "effective": {}, "fallback": {}}
