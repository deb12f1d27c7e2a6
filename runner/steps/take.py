"""Step `take`: a file that another toolchain built, in the store for a stage of a backend's that compiles it further.

Settings: `places` (`[[path, name in the artifact]]`).
"""

from __future__ import annotations

from typing import Any

from runner.core.job import Job
from runner.steps.adopt import placed


def run(job: Job) -> dict[str, Any]:
    """The files, under their names. Meta: nothing."""
    placed(job.settings["places"], job.out)
    return {}
