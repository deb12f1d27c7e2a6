"""Step `raw`: test and calibration of a data set as they are before they are made ready, where that is measured."""

from __future__ import annotations

from typing import Any

from runner.core.job import Job
from runner.data import arrays
from runner.steps import data


def run(job: Job) -> dict[str, Any]:
    """`test.npz` and `calibration.npz` with raw inputs. Settings and meta as of step `data`; of the inputs `shapes` has
    the raw ones."""
    made = arrays.as_raw(data.dataset(job))
    arrays.write(made, job.out)
    return dict(made.meta)
