"""MLflow's store: a sqlite database below the project root, or the server that MLFLOW_TRACKING_URI names.

Imports mlflow (1.5 s) inside functions only. What is stored is a copy of `records/`: it can be deleted and sent again.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from filelock import FileLock, Timeout

from runner.core.errors import StepFailed, Unavailable
from runner.worker import usage_reports

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "edge-runner"  # unless MLFLOW_EXPERIMENT_NAME says another
TESTED = "3.17."  # what is not documented of MLflow was read from this version
LOCK_SECONDS = 120.0
PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s]*@")
LONGEST_PATH = 490  # bytes: SQLite takes 512, its journal's name and the draft's included
# A server that can't be reached must not hold up a run: mlflow's own defaults retry for minutes. And standard output is
# ours: MLflow would print the addresses of a server's runs into a command's document.
DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@dataclass(frozen=True)
class Store:
    """An open store: the client, the experiment's id and the URI that both came from."""

    client: MlflowClient
    experiment_id: str
    uri: str


def database(root: Path) -> Path:
    """The project's own database."""
    return root / "mlruns" / "mlflow.db"


def uri(root: Path) -> str:
    """Where runs are sent: MLFLOW_TRACKING_URI where it is set, else the project's own database."""
    return os.environ.get("MLFLOW_TRACKING_URI") or _sqlite(database(root))


def without_password(text: str) -> str:
    """A text that names addresses, for others to read: a password in one (RFC 3986, 3.2.1) is left out."""
    return PASSWORD.sub(r"\1***@", text)


def experiment() -> str:
    """The experiment that runs are sent to: what MLFLOW_EXPERIMENT_NAME says, else ours."""
    return os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT


def is_own(root: Path) -> bool:
    """Whether runs are sent to the project's own database."""
    return uri(root) == _sqlite(database(root))


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One writer at a time among this project's processes."""
    (root / "mlruns").mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / "mlruns" / ".lock", timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise StepFailed(
            f"{root / 'mlruns' / '.lock'} was held by another process for {LOCK_SECONDS:g} s.",
            "Wait for the other run, then: python -m runner sync",
        ) from None


@contextmanager
def reported(root: Path) -> Iterator[None]:
    """Turns what mlflow and its database raise into one line what is wrong and one what to do."""
    _import()
    import sqlite3

    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error, ConnectionError) as error:
        reason = without_password(str(error).strip().splitlines()[0])[:300]
        if is_own(root):
            raise StepFailed(
                f"{database(root)} can't be used: {reason}",
                f"It is a copy of records/: move {database(root).parent} away, then: python -m runner sync",
            ) from error
        raise Unavailable(
            f"The MLflow store {without_password(uri(root))} can't be reached: {reason}",
            "The records are kept. When it answers again: python -m runner sync",
        ) from error


def open_store(root: Path) -> Store:
    """The store, made where there is none yet, with the experiment (`experiment`).

    Raises Unavailable where a remote store can't be reached, StepFailed where the own database is unusable or the
    experiment was deleted.
    """
    return _open(root.resolve(), uri(root.resolve()), experiment())


@cache
def _open(root: Path, address: str, name: str) -> Store:
    with reported(root):
        from mlflow import MlflowClient

        if is_own(root):
            _check_length(database(root))
            with locked(root):
                _initialise(root)
                _probe(database(root))
        client = MlflowClient(tracking_uri=address)
        return Store(client, _experiment(client, root, name), address)


def _import() -> None:
    usage_reports.off()
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    import mlflow  # noqa: F401


def _check_length(file: Path) -> None:
    """Raises StepFailed where the path is too long for SQLite, which says no more than that it can't open it."""
    size = len(os.fsencode(file.resolve()))
    if size > LONGEST_PATH:
        raise StepFailed(
            f"MLflow's database can't be made: its path has {size} bytes, and SQLite takes {LONGEST_PATH}.",
            "Use a project folder with a shorter path. The records are kept.",
        )


def _initialise(root: Path) -> None:
    """A fresh database, complete or not there: two processes on an empty one leave it unusable, and so does a kill."""
    final = database(root)
    if final.exists():
        return
    from mlflow.store.tracking import sqlalchemy_store

    draft = final.with_name("mlflow.db.new")
    for leftover in (draft, draft.with_name(draft.name + "-journal")):
        leftover.unlink(missing_ok=True)
    make: Any = sqlalchemy_store.SqlAlchemyStore  # untyped
    store = make(_sqlite(draft), (root / "mlruns" / "artifacts").as_uri())
    store.create_experiment(experiment())
    store._dispose_engine()
    draft.rename(final)


def _experiment(client: MlflowClient, root: Path, name: str) -> str:
    """The id of the experiment of that name, made where there is none. Raises StepFailed for a deleted one."""
    found = client.get_experiment_by_name(name)
    if found is None:
        with locked(root):
            found = client.get_experiment_by_name(name)
            if found is None:
                return str(client.create_experiment(name))
    if found.lifecycle_stage != "active":
        raise StepFailed(
            f"The MLflow experiment {name} was deleted.",
            f"mlflow experiments restore --experiment-id {found.experiment_id}, "
            "or name another: MLFLOW_EXPERIMENT_NAME=NAME",
        )
    return str(found.experiment_id)


def _sqlite(file: Path) -> str:
    """The database's address. SQLAlchemy reads %XX and ? in it as an URL's, so that they are quoted; and so are slashes
    then: MLflow makes the folder that it reads in the quoted address, and finds none."""
    path = str(file.resolve())
    return f"sqlite:///{quote(path, safe='') if {'%', '?'} & set(path) else path}"


def _probe(file: Path) -> None:
    """Raises sqlite3.Error where the database can't be used: MLflow would try for 100 s before it said so."""
    import sqlite3

    with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as connection:
        connection.execute("PRAGMA schema_version")
