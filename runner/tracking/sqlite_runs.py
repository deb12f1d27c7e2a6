"""A record's run written into the project's own database as MLflow writes it, without MLflow: to import it takes a
second of a processor, as long as all else that a run costs beside measuring.

MLflow's tables are documented nowhere. So this is done only where MLflow's version and the database's are those that
tests/tracking/test_sqlite_runs.py was run with, which compares all rows and files with MLflow's own; and only for a
record that the store has never heard of. Everything else is for MLflow itself (`mlflow_runs.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from runner.core import installed
from runner.results import records
from runner.tracking import mlflow_store, sync_state
from runner.worker import usage_reports

if TYPE_CHECKING:
    from runner.results.records import Record
    from runner.tracking.run_values import Values

VERSION, SCHEMA = "3.17.", "dc11669786a5"  # of mlflow; of its database (alembic)
# What other variables of MLflow's are set is for MLflow to read.
READ = ("MLFLOW_TRACKING_URI", *usage_reports.SWITCHES, *mlflow_store.QUICK)
NAME = re.compile(r"[\w\-. :/]{1,250}")
BUSY_SECONDS = 20.0


@dataclass(frozen=True)
class _Experiment:
    """The experiment's row, and the address of the folder of its runs' files."""

    id: int
    address: str


def usable(root: Path) -> bool:
    """Whether runs are sent to the project's own database, and that is there and of the form that is known here."""
    others = any(name.startswith("MLFLOW_") and name not in READ for name in os.environ)
    if others or not mlflow_store.is_own(root) or not mlflow_store.database(root).is_file():
        return False
    if not (installed.version("mlflow-skinny") or "").startswith(VERSION):
        return False
    try:
        with _opened(root) as database:
            return _experiment(database) is not None
    except sqlite3.Error:
        return False


def log_record(folder: Path, root: Path) -> str | None:
    """Send the record in `folder` to the database of `root`, with its files; the id of its run.

    None where it is for MLflow to do, or to say what is wrong: the store has a run of the record, it isn't `usable` any
    more, a name is none that MLflow takes. The run is there whole or not at all; files that a
    kill leaves are written again with it.
    """
    from runner.tracking import run_values

    record = records.read(folder)
    values = run_values.of(record.content)
    names = [*values.metrics, *(name for name, _ in values.params)]
    if not all(map(_plain, names)) or len({*names}) < len(names):
        return None
    try:
        with mlflow_store.locked(root), _opened(root) as database:
            run_id = _sent(database, record, values)
    except (sqlite3.Error, OSError):
        return None
    if run_id:
        sync_state.remember(root, folder.name)
    return run_id


def _plain(name: str) -> bool:
    """Whether MLflow takes the name: as a path it has to be a relative one in its shortest form."""
    return bool(NAME.fullmatch(name)) and posixpath.normpath(name) == name and not name.startswith(("/", ".."))


@contextmanager
def _opened(root: Path) -> Iterator[sqlite3.Connection]:
    """The database, which must be there, in transactions that are begun by hand."""
    address = f"{mlflow_store.database(root).resolve().as_uri()}?mode=rw"
    opened = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    with closing(opened) as database:
        yield database


def _experiment(database: sqlite3.Connection) -> _Experiment | None:
    """The experiment of this project; None where the database is of another form, or has none that is active."""
    if database.execute("SELECT version_num FROM alembic_version").fetchall() != [(SCHEMA,)]:
        return None
    found = database.execute(
        "SELECT experiment_id, artifact_location FROM experiments"
        " WHERE name = ? AND lifecycle_stage = 'active' AND workspace = 'default'",
        (mlflow_store.EXPERIMENT,),
    ).fetchone()
    return _Experiment(*found) if found and found[1].startswith("file:///") else None


def _sent(database: sqlite3.Connection, record: Record, values: Values) -> str | None:
    """All rows in one transaction, once the files are there."""
    database.execute("BEGIN IMMEDIATE")
    experiment, run_id = _experiment(database), hashlib.sha256(values.record_id.encode()).hexdigest()[:32]
    known = "SELECT 1 FROM tags WHERE key = 'record_id' AND value = ? UNION SELECT 1 FROM runs WHERE run_uuid = ?"
    if experiment is None or database.execute(known, (values.record_id, run_id)).fetchone():
        return None
    address = f"{experiment.address}/{run_id}/artifacts"
    copy_files(record, Path(unquote(urlsplit(address).path)))
    insert(database, values, (run_id, address, experiment.id))
    database.execute("COMMIT")
    return run_id


def copy_files(record: Record, folder: Path) -> None:
    """The record's files, and the parts of it that are files of their own."""
    from runner.tracking import run_values

    folder.mkdir(parents=True, exist_ok=True)
    for name in run_values.FILES:
        if (record.folder / name).is_file():
            shutil.copy2(record.folder / name, folder / name)
    for part in run_values.PARTS:
        content = dict(record.content.get(part) or {})
        (folder / f"{part}.json").write_text(json.dumps(content, indent=2))


def insert(database: sqlite3.Connection, values: Values, place: tuple[str, str, int]) -> None:
    """The run's rows; `place` is its id, the address of its files, and its experiment."""
    run_id, address, experiment = place
    moment = values.moment
    database.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
        " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', 'unknown', ?, ?, ?, '', 'active', ?, ?)",
        (run_id, values.name, values.status, moment, moment, address, experiment),
    )
    measured = [(name, value, moment, run_id) for name, value in values.metrics.items()]
    for table in ("metrics", "latest_metrics"):
        database.executemany(
            f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, 0, 0, ?)", measured
        )
    params = [(name, value, run_id) for name, value in values.params]
    database.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", params)
    tags = [(name, value, run_id) for name, value in (("record_id", values.record_id), *values.tags.items())]
    database.executemany("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", tags)
