"""Records as MLflow runs: flat, one run a record, found again by the tag `record_id`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runner.results import records
from runner.results.records import Record
from runner.tracking import mlflow_store, run_values, sync_state
from runner.tracking.mlflow_store import Store
from runner.tracking.run_values import Values

PARAMS_PER_BATCH = 100


def log_record(folder: Path, root: Path) -> str:
    """Send the record in `folder` to the store of `root`; the id of its run, a new one or that which is there. The
    last file makes it complete.

    Sending again changes nothing: metrics carry the record's own date. Raises Unavailable where the store can't
    be reached.
    """
    record = records.read(folder)
    target = mlflow_store.open_store(root)
    values = run_values.of(record.content)
    with mlflow_store.reported(root), mlflow_store.locked(root):
        run_id = _run_of(target, values)
        _log_values(target, run_id, values)
        _log_files(target, run_id, record)
        target.client.set_terminated(run_id, values.status, end_time=values.moment)
    sync_state.remember(root, folder.name)
    return run_id


def unsent(root: Path, warn: Callable[[str], None]) -> list[Record]:
    """The records whose run is not in the store, or not complete there, oldest first. `warn` hears of damaged ones, and
    of edited ones, which are no measurements."""
    target = mlflow_store.open_store(root)
    with mlflow_store.reported(root):
        sent = set(runs_by_record(target))
    missing = [record for record in records.readable(root, warn) if record.content["record_id"] not in sent]
    for record in missing:
        if record.seal == "edited":
            warn(f"left out: {record.folder} was edited after it was written (its seal differs).")
    return [record for record in missing if record.seal != "edited"]


def sync(root: Path, warn: Callable[[str], None]) -> list[str]:
    """Send what is missing; the record_ids sent. `warn` is told of damaged records."""
    missing = unsent(root, warn)
    for record in missing:
        log_record(record.folder, root)
    return [str(record.content["record_id"]) for record in missing]


def runs_by_record(target: Store) -> dict[str, str]:
    """`{record_id: run_id}` of every complete run in the store."""
    found: dict[str, str] = {}
    token: str | None = None
    while True:
        page = target.client.search_runs([target.experiment_id], max_results=1000, page_token=token)
        done = [run for run in page if run.info.status != "RUNNING" and "record_id" in run.data.tags]
        found.update({run.data.tags["record_id"]: run.info.run_id for run in done})
        token = page.token
        if not token:
            return found


def look_up(target: Store, record_id: str) -> str | None:
    """The id of the record's run, complete or not; None where there is none."""
    query = f"tags.record_id = '{record_id}'"
    found = target.client.search_runs([target.experiment_id], query, max_results=1)
    return str(found[0].info.run_id) if found else None


def _run_of(target: Store, values: Values) -> str:
    found = look_up(target, values.record_id)
    if found:
        return found
    # The tag goes in with the run itself: a kill right after must not leave a run that is never found again.
    run = target.client.create_run(
        target.experiment_id,
        start_time=values.moment,
        tags={"record_id": values.record_id},
        run_name=values.name,
    )
    return str(run.info.run_id)


def _log_values(target: Store, run_id: str, values: Values) -> None:
    from mlflow.entities import Metric, Param, RunTag

    metrics = [Metric(name, value, values.moment, 0) for name, value in values.metrics.items()]
    params = [Param(name, value) for name, value in values.params]
    tags = [RunTag(name, value) for name, value in values.tags.items()]
    target.client.log_batch(run_id, metrics, params[:PARAMS_PER_BATCH], tags)
    for start in range(PARAMS_PER_BATCH, len(params), PARAMS_PER_BATCH):
        target.client.log_batch(run_id, params=params[start : start + PARAMS_PER_BATCH])


def _log_files(target: Store, run_id: str, record: Record) -> None:
    for name in run_values.FILES:
        if (record.folder / name).is_file():
            target.client.log_artifact(run_id, str(record.folder / name))
    for part in run_values.PARTS:
        target.client.log_dict(run_id, dict(record.content.get(part) or {}), f"{part}.json")
