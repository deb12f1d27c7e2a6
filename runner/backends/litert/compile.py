"""The last stage: the file as it was made, and who runs its operators here."""

from __future__ import annotations

import shutil
from typing import Any

from runner.backends.litert.described import described
from runner.backends.litert.session import FILE
from runner.core.job import Job


def compile(job: Job) -> dict[str, Any]:
    """Writes `model.tflite`, and says what its operators compute in and which of them fall back."""
    shutil.copyfile(job.inputs["model"] / FILE, job.out / FILE)
    return described(job.out, job.settings["settings"], as_built=False)
