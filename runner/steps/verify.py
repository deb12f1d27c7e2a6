"""Step `verify`: what was compiled opens where it runs, and answers real inputs.

Settings: `backend` (name), `settings` (the backend's, JSON types), `batch`, and what the compile was tuned to; of a
graph with preprocessing before it also the `precision`.
"""

from __future__ import annotations

from typing import Any

from runner.core import registry
from runner.core.job import Job
from runner.worker import session_loader


def run(job: Job) -> dict[str, Any]:
    """Opens the artifact `model`, checks its input shapes and runs it once on real inputs of `data`. Its outputs are
    compared with what `fuse` left as `expected`.

    Meta: `inputs`, `outputs` (`[{name, shape, dtype}]`), `settings_effective` (read back from the runtime) and
    `warnings`. Raises Unsupported where the shapes are not those asked for, StepFailed where it doesn't open or an
    output is not finite and the float model's is.
    """
    from runner.backends import compile_checks

    session = f"{registry.module('backend', job.settings['backend'])}.session"
    ran = session_loader.load(session, str(job.inputs["model"]), dict(job.settings["settings"]))
    feed = compile_checks.calibration_feed(job.inputs["data"], ran, job.settings["batch"])
    compile_checks.shapes(ran, feed, job.settings["batch"])
    notes = compile_checks.finite(ran, ran.run(ran.bind(feed)), job.inputs["data"])
    found = {"inputs": ran.inputs, "outputs": ran.outputs, "settings_effective": ran.effective}
    if "expected" in job.inputs:
        found["max_abs_error"] = compile_checks.as_ready(ran, job)
    return {**found, "warnings": notes}
