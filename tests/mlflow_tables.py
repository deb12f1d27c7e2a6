"""A project's database as MLflow makes it, made once for this process: its tables take MLflow a second each time."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from runner.tracking import mlflow_store


def place(project: Path) -> None:
    """Put it where the project's first run would have made it. Does nothing where there is one."""
    file = mlflow_store.database(project)
    if file.parent.exists():
        return
    file.parent.mkdir(parents=True)
    shutil.copyfile(mlflow_store.database(_made()), file)
    with closing(sqlite3.connect(file)) as store, store:
        where = (_made().as_uri(), project.resolve().as_uri())
        store.execute("UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)", where)


def take_back(project: Path) -> None:
    """Remove what no command has opened: whoever looks for what one left finds nothing of ours."""
    folder = mlflow_store.database(project).parent
    if not (folder / ".lock").exists():
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _made() -> Path:
    project = Path(tempfile.mkdtemp()).resolve()
    mlflow_store.open_store(project)
    return project
