"""Tracking as the runner asks a worker for it: the runner's own process imports no mlflow."""

from __future__ import annotations

import gc
import sys
from importlib import metadata
from pathlib import Path

from runner.tracking import lean_import, mlflow_runs, mlflow_store, mlflow_sweeps


def load(root: str) -> None:
    """Import what sending needs, while the runner is still planning. Nothing is written: the spec may be a bad one."""
    gc.disable()  # thousands of modules' objects are made and none is freed: collecting costs a sixth of the time
    for name in lean_import.OPTIONAL:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    with lean_import.without(_unused(Path(root))):
        import mlflow.tracking  # noqa: F401
        from mlflow.store.tracking import sqlalchemy_store  # noqa: F401


def _unused(root: Path) -> tuple[str, ...]:
    """None where a server or a plug-in of MLflow's may need them, or where MLflow may use them otherwise."""
    tried = metadata.version("mlflow-skinny").startswith(mlflow_store.TESTED)
    return lean_import.UNUSED if tried and mlflow_store.is_own(root) else ()


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


def publish_page(root: str, sweep: str, folder: str, tags: dict[str, str]) -> dict[str, str]:
    """Send the files in `folder`, a sweep's page and table. Raises Unavailable as `publish`."""
    return {"run_id": mlflow_sweeps.log_page(Path(root), sweep, Path(folder), tags)}
