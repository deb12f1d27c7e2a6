"""A step that does nothing, for what the engine itself takes."""

from __future__ import annotations

from typing import Any

from runner.core.job import Job


def run(job: Job) -> dict[str, Any]:
    (job.out / "nothing").touch()
    return {}
