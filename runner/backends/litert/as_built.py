"""What LiteRT makes of a `.tflite` that is built already."""

from __future__ import annotations

from typing import Any

from runner.backends.litert.described import described
from runner.core.job import Job


def as_built(job: Job) -> dict[str, Any]:
    """Says what its operators compute in and which of them fall back."""
    return described(job.out, job.settings["settings"], as_built=True)
