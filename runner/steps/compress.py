"""Step `compress`: a trained network made smaller, with its own fine-tuning."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from runner.core import registry, setting_rules
from runner.core.job import Job
from runner.data import arrays
from runner.models import checkpoint
from runner.spec import training


def run(job: Job) -> dict[str, Any]:
    """Compress the network of the `model` artifact by `job.settings["name"]`; fine-tuning resumes in `job.scratch`.

    Settings: `name`, `settings` (of the compression), `model`, `train`, `seed`. Writes `model.pt` and `history.json`.
    """
    from runner.steps import _fit

    module = registry.load("compression", job.settings["name"])
    chosen = setting_rules.build(module.Settings, job.settings["settings"], "compression")
    hyper = setting_rules.build(training.Settings, job.settings["train"], "train")
    seed, data = job.settings["seed"], job.inputs["data"]
    _fit.deterministic(seed)
    network = checkpoint.load(job.inputs["model"], job.settings["model"], arrays.read_meta(data))
    meta: dict[str, Any] = {}

    def tune(epochs: int, learning_rate: float, after_update: Any) -> None:
        own = dataclasses.replace(hyper, epochs=epochs, patience=epochs, learning_rate=learning_rate)
        done = _fit.fit(network, data, own, seed, job.scratch, job.progress, after_update)
        (job.out / "history.json").write_text(json.dumps(done.history, indent=1) + "\n")
        meta.update(_fit.summary(done))

    meta |= module.compress(network, chosen, tune)
    checkpoint.save(network, job.out)
    weights = list(network.parameters())
    nonzero = sum(int(weight.count_nonzero()) for weight in weights)
    return {**meta, "params": sum(weight.numel() for weight in weights), "nonzero_params": nonzero}
