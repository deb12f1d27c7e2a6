"""A sweep's page in MLflow: one flat run a sweep, beside those of its records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runner.core import hashing
from runner.core.foreign_text import line
from runner.tracking import mlflow_store
from runner.tracking.mlflow_store import Store

TAG = "sweep_page"


def log_page(root: Path, sweep: str, folder: Path, tags: Mapping[str, str]) -> str:
    """Send the files in `folder`, the page and the table of `sweep`, and the user's `tags`; the id of its run, a new
    one or that which is there, whose files they replace.

    The run has no tag `sweep`: it is none of the sweep's cells. Raises Unavailable where the store can't be reached.
    """
    target = mlflow_store.open_store(root)
    with mlflow_store.reported(root), mlflow_store.locked(root):
        run_id = _run_of(target, sweep)
        for name, value in tags.items():
            target.client.set_tag(run_id, name, value)
        for file in sorted(folder.iterdir()):
            target.client.log_artifact(run_id, str(file))
        target.client.set_terminated(run_id)
    return run_id


def _run_of(target: Store, sweep: str) -> str:
    """Found by a digest: a sweep that others named may have any characters."""
    name = hashing.digest_of(sweep)[:12]
    found = target.client.search_runs([target.experiment_id], f"tags.{TAG} = '{name}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    run = target.client.create_run(target.experiment_id, tags={TAG: name}, run_name=line(f"sweep {sweep}"))
    return str(run.info.run_id)
