"""Tracking as the runner asks a worker for it: the runner's own process imports neither mlflow nor matplotlib."""

from __future__ import annotations

from pathlib import Path

from runner.report.plot import record_plot
from runner.telemetry.graph import profile_plot
from runner.tracking import log, store


def prepare(root: str) -> dict[str, str]:
    """Import what `publish` needs and open the store, while the runner is still planning.

    Raises Unavailable where a remote store can't be reached.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.figure

    return {"uri": store.open_store(Path(root)).uri}


def publish(root: str, record: str) -> dict[str, str]:
    """Draw the plots of one record and send it to the store; `record` is its id (or its folder).

    Raises Unavailable where a remote store can't be reached: the record stays, and `runner sync` sends it later.
    """
    folder = Path(root) / "records" / record
    record_plot(folder)
    profile_plot(folder)
    run_id = log.log_record(folder, Path(root))
    return {"run_id": run_id, "experiment_id": store.open_store(Path(root)).experiment_id}
