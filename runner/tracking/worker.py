"""Tracking as the runner asks a worker for it: the runner's own process imports no mlflow."""

from __future__ import annotations

import gc
from pathlib import Path

from runner.tracking import log, store


def prepare(root: str) -> dict[str, str]:
    """Import what `publish` needs and open the store, while the runner is still planning.

    Raises Unavailable where a remote store can't be reached.
    """
    gc.disable()  # thousands of modules' objects are made and none is freed: collecting costs a sixth of the time
    return {"uri": store.open_store(Path(root)).uri}


def publish(root: str, record: str) -> dict[str, str]:
    """Send one record, with the files that lie beside it, to the store; `record` is its id (or its folder).

    Raises Unavailable where a remote store can't be reached: the record stays, and `runner sync` sends it later.
    """
    folder = Path(root) / "records" / record
    run_id = log.log_record(folder, Path(root))
    return {"run_id": run_id, "experiment_id": store.open_store(Path(root)).experiment_id}
