"""Step `train`: a network with trained weights."""

from __future__ import annotations

import json
from typing import Any

from runner.core import setting_rules
from runner.core.job import Job
from runner.data import arrays
from runner.models import checkpoint
from runner.spec import training


def run(job: Job) -> dict[str, Any]:
    """Train `job.settings["model"]` on the `data` artifact; resumes from its last epoch in `job.scratch`.

    Settings: `model` {name, settings}, `train`, `seed`. Writes `model.pt` and `history.json`.
    """
    from runner.steps import _fit

    seed = job.settings["seed"]
    hyper = setting_rules.build(training.Settings, job.settings["train"], "train")
    _fit.deterministic(seed)
    network = checkpoint.build(job.settings["model"], arrays.read_meta(job.inputs["data"]))
    done = _fit.fit(network, job.inputs["data"], hyper, seed, job.scratch, job.progress)
    checkpoint.save(done.network, job.out)
    (job.out / "history.json").write_text(json.dumps(done.history, indent=1) + "\n")
    return {**_fit.summary(done), "params": sum(p.numel() for p in done.network.parameters())}
