"""Records as MLflow runs: flat, one run a record, found again by the tag `record_id`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from runner.core.advice import shell
from runner.core.foreign_text import line, markdown
from runner.results import naming, picture_files, records, seal
from runner.results.formatting import verdict_line
from runner.results.naming import title
from runner.results.record_schema import Result
from runner.results.records import Record
from runner.spec.labels import flatten
from runner.tracking import mlflow_store, model_files, sync_state
from runner.tracking.mlflow_store import Store
from runner.tracking.model_files import ModelFiles

if TYPE_CHECKING:
    from mlflow.entities import Metric, Param, RunTag

PARAM_LENGTH = 6000
CUT = " … (cut)"
PARAMS_PER_BATCH = 100
FILES = (seal.RECORD, *seal.EVIDENCE, *picture_files.FILES)


def log_record(folder: Path, root: Path) -> str:
    """Send the record in `folder` to the store of `root`; the id of its run, a new one or that which is there. The
    last file makes it complete.

    Sending again changes nothing: metrics carry the record's own date. Raises Unavailable where the store can't
    be reached.
    """
    record = records.read(folder)
    target = mlflow_store.open_store(root)
    with mlflow_store.reported(root), mlflow_store.locked(root):
        run_id = _run_of(target, record)
        _log_values(target, run_id, record.result)
        _log_files(target, run_id, record)
        _log_model(target, run_id, model_files.of_record(root, record.result))
        ended = "FINISHED" if record.result.status == "ok" else "FAILED"
        target.client.set_terminated(run_id, ended, end_time=_milliseconds(record.result.date))
    sync_state.remember(root, folder.name)
    return run_id


def unsent(root: Path, warn: Callable[[str], None]) -> list[Record]:
    """The records whose run is not in the store, or not complete there, oldest first. `warn` hears of damaged ones, and
    of edited ones, which are no measurements."""
    target = mlflow_store.open_store(root)
    with mlflow_store.reported(root):
        sent = set(runs_by_record(target))
    missing = [record for record in records.readable(root, warn) if record.result.record_id not in sent]
    for record in missing:
        if record.seal == "edited":
            warn(f"left out: {record.folder} was edited after it was written (its seal differs).")
    return [record for record in missing if record.seal != "edited"]


def sync(root: Path, warn: Callable[[str], None]) -> list[str]:
    """Send what is missing; the record_ids sent. `warn` is told of damaged records."""
    missing = unsent(root, warn)
    for record in missing:
        log_record(record.folder, root)
    return [record.result.record_id for record in missing]


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


def has_file(target: Store, run_id: str, name: str) -> bool:
    """Whether the run has an artifact of that name at the top."""
    return any(file.path == name for file in target.client.list_artifacts(run_id))


def _run_of(target: Store, record: Record) -> str:
    record_id = record.result.record_id
    found = look_up(target, record_id)
    if found:
        return found
    # The tag goes in with the run itself: a kill right after must not leave a run that is never found again.
    run = target.client.create_run(
        target.experiment_id,
        start_time=_milliseconds(record.result.date),
        tags={"record_id": record_id},
        run_name=_cut(title(record.result)),
    )
    return str(run.info.run_id)


def _log_values(target: Store, run_id: str, result: Result) -> None:
    params = _params(result.spec)
    target.client.log_batch(run_id, _metrics(result), params[:PARAMS_PER_BATCH], _tags(result))
    for start in range(PARAMS_PER_BATCH, len(params), PARAMS_PER_BATCH):
        target.client.log_batch(run_id, params=params[start : start + PARAMS_PER_BATCH])


def _metrics(result: Result) -> list[Metric]:
    from mlflow.entities import Metric

    moment = _milliseconds(result.date)
    values = {_name(name): float(value) for name, value in result.metrics.items()}
    # MLflow would store inf as 1.8e308, a number that nobody measured.
    return [Metric(name, value, moment, 0) for name, value in values.items() if math.isfinite(value)]


def _params(spec: Mapping[str, Any]) -> list[Param]:
    from mlflow.entities import Param

    return [Param(_name(name), _cut(value)) for name, value in flatten(spec)]


def _tags(result: Result) -> list[RunTag]:
    from mlflow.entities import RunTag

    tags = {
        **result.tracking.tags,
        "sweep": result.sweep,
        "precision": naming.precision(result, "candidate"),  # the one that ran: params say what was asked for
        "baseline": naming.baseline(result) or "none",
        "status": result.status,
        "origin": result.mark if result.status == "ok" else "",
        "reason": result.reason,
        "date": result.date,
        "mlflow.runName": title(result),
        "mlflow.note.content": _note(result),
        "mlflow.source.name": "python -m runner",
    }
    return [RunTag(key, _cut(value)) for key, value in tags.items()]


def _note(result: Result) -> str:
    """The finding, for a page that takes it for Markdown. A sweep's cells are sent one by one: what the whole table
    makes of each verdict isn't known yet."""
    among = f" (by itself; among its sweep: python -m runner compare {shell('--sweep', result.sweep)})"
    return markdown(verdict_line(result) + (among if result.sweep and result.comparison else ""))


def _log_files(target: Store, run_id: str, record: Record) -> None:
    for name in FILES:
        if (record.folder / name).is_file():
            target.client.log_artifact(run_id, str(record.folder / name))
    for part in ("environment", "keys"):
        target.client.log_dict(run_id, record.content.get(part) or {}, f"{part}.json")


def _log_model(target: Store, run_id: str, found: ModelFiles | None) -> None:
    """MLflow reads each file bit by bit. The tag says how large they are, or why none is there."""
    if found is None:
        return
    target.client.set_tag(run_id, "model_files", _cut(found.text))
    for name, path in found.files.items():
        target.client.log_artifact(run_id, str(path), str(PurePosixPath(model_files.FOLDER, name).parent))


def _cut(value: str) -> str:
    shown = line(value, longest=len(value) + 1)
    return shown if len(shown) <= PARAM_LENGTH else shown[: PARAM_LENGTH - len(CUT)] + CUT


def _name(name: str) -> str:
    """MLflow admits letters, digits and `_ - . space : /` in names; a model's input may be called otherwise."""
    return re.sub(r"[^\w\-. :/]", "_", name)


def _milliseconds(date: str) -> int:
    # Python 3.10 doesn't read the Z.
    return int(datetime.fromisoformat(date.replace("Z", "+00:00")).timestamp() * 1000)
