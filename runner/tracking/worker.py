"""Tracking as the runner asks a worker for it: the runner's own process imports no mlflow."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from runner.tracking import mlflow_runs, mlflow_store

# A third of the time is what MLflow takes for data sets and colours where it is there; mlflow-skinny has none of it.
NEEDLESS = ("pandas", "numpy", "pyarrow", "pygments")


def load() -> None:
    """Import what sending needs, while the runner is still planning. Nothing is written: the spec may be a bad one."""
    gc.disable()  # thousands of modules' objects are made and none is freed: collecting costs a sixth of the time
    for name in NEEDLESS:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    import mlflow.tracking  # noqa: F401
    from mlflow.store.tracking import sqlalchemy_store  # noqa: F401


def prepare(root: str) -> dict[str, str]:
    """Open the store, which is made where there is none. Raises Unavailable where a remote one can't be reached."""
    target = mlflow_store.open_store(Path(root))
    mlflow_runs.look_up(target, "none")  # the first question takes 50 ms longer than those after it
    return {"uri": target.uri}


def publish(root: str, record: str) -> dict[str, str]:
    """Send the record in the folder `record`, with its files.

    Raises Unavailable where a remote store can't be reached: the record stays, and `runner sync` sends it later.
    """
    run_id = mlflow_runs.log_record(Path(record), Path(root))
    return {"run_id": run_id, "experiment_id": mlflow_store.open_store(Path(root)).experiment_id}
