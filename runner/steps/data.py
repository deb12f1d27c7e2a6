"""Step `data`: one data set as train, val, test and calibration arrays."""

from __future__ import annotations

from typing import Any

from runner.core import registry, setting_rules
from runner.core.job import Job
from runner.data import arrays
from runner.data.arrays import Dataset


def run(job: Job) -> dict[str, Any]:
    """Make the data set `job.settings` names, shaped as its `needs` say; returns the artifact's meta.

    Settings: `name`, `settings` (of the data set), `needs` (the model's `data_needs`), `seed`; relative paths are
    relative to the working folder.
    """
    made = dataset(job)
    arrays.write(made, job.out)
    return dict(made.meta)


def dataset(job: Job) -> Dataset:
    """The data set itself."""
    module = registry.load("data", job.settings["name"])
    chosen = setting_rules.build(module.Settings, job.settings["settings"], "data")
    made: Dataset = module.make(chosen, job.settings["needs"], job.settings["seed"], dict(job.inputs))
    return made
