"""A project's database as MLflow makes it, made once for all test processes: MLflow and its tables take seconds."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from runner.tracking import mlflow_store


def place(made: Path, project: Path) -> None:
    """Put that of the project `made` where the first run would have made it. Does nothing where there is one."""
    file = mlflow_store.database(project)
    if file.parent.exists():
        return
    file.parent.mkdir(parents=True)
    shutil.copyfile(mlflow_store.database(made), file)
    with closing(sqlite3.connect(file)) as store, store:
        where = (made.resolve().as_uri(), project.resolve().as_uri())
        store.execute("UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)", where)


def take_back(project: Path) -> None:
    """Remove what no command has opened: whoever looks for what one left finds nothing of ours."""
    folder = mlflow_store.database(project).parent
    if not (folder / ".lock").exists():
        shutil.rmtree(folder, ignore_errors=True)


def make(project: Path) -> None:
    """Let MLflow make it in `project`."""
    mlflow_store.open_store(project)
