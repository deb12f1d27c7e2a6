"""What must hold of a project whatever was done to the commands in it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from runner.artifacts import store
from runner.core.errors import StepFailed
from runner.results import records
from runner.results.records import Record
from tests.chaos.command import Place


def lines(place: Place) -> list[list[str]]:
    """The log's lines as words."""
    return [line.split() for line in place.log.read_text().splitlines()] if place.log.exists() else []


def begun(place: Place) -> Counter[str]:
    """How often each step and benchmark was begun, by kind and key."""
    return Counter(" ".join(words[1:3]) for words in lines(place) if words[0] == "begin")


def done_again(place: Place) -> list[str]:
    """Steps that were begun although they were finished, and cells that were measured although there was a record."""
    sealed: set[str] = set()
    again = []
    for words in lines(place):
        what = " ".join(words[1:3])
        if words[0] == "sealed" and words[3:] in ([], ["ok"]):
            sealed.add(what)
        elif words[0] == "begin" and what in sealed:
            again.append(what)
    return again


def corrupt(place: Place) -> list[str]:
    """What is wrong with the artifacts that stand in their places."""
    return [wrong for folder in artifacts(place) if (wrong := _wrong(folder))]


def _wrong(folder: Path) -> str:
    try:
        return store.damage(store.read(folder))
    except StepFailed as error:
        return error.reason


def artifacts(place: Place) -> list[Path]:
    return sorted(place.project.glob("artifacts/[!.]*/[!.]*"))


def lost(place: Place) -> list[str]:
    """What was there for good and is there no more."""
    folders = {f"step {folder.name}" for folder in artifacts(place)}
    kept = {f"measure {record.content['spec_key'][:16]}" for record in records.read_all(place.project)}
    sealed = {" ".join(words[1:3]) for words in lines(place) if words[0] == "sealed"}
    return sorted(sealed - folders - kept)


def faulty(record: Record) -> str:
    """What a record of a measured cell lacks."""
    content = record.content
    if content["status"] != "ok":
        return f"{record.folder.name}: {content['status']}: {content['reason']}"
    with np.load(record.folder / "samples.npz") as samples:
        times = [samples[name] for name in samples.files if name.startswith("candidate/")]
    if not times or not all((one > 0).all() for one in times):
        return f"{record.folder.name}: no samples"
    return "" if content["metrics"]["latency/p50_ms"] > 0 else f"{record.folder.name}: no latency"


def tracked(place: Place, database: Path | None = None) -> Counter[str]:
    """How often each record is in MLflow as a complete run."""
    query = (
        "select tags.value from runs join tags on tags.run_uuid = runs.run_uuid and tags.key = 'record_id' "
        "where runs.status != 'RUNNING' and runs.lifecycle_stage = 'active'"
    )
    return Counter(str(value) for (value,) in _asked(place, query, database))


def runs(place: Place) -> int:
    """How many runs of records there are in MLflow, complete or not."""
    return int(_asked(place, "select count(*) from tags where key = 'record_id'", None)[0][0])


def pages(place: Place, database: Path | None = None) -> Counter[str]:
    """How many complete runs bear the page of each sweep, by the tag that names it."""
    query = (
        "select tags.value from runs join tags on tags.run_uuid = runs.run_uuid and tags.key = 'sweep_page' "
        "where runs.status = 'FINISHED'"
    )
    return Counter(str(value) for (value,) in _asked(place, query, database))


def _asked(place: Place, query: str, database: Path | None) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database or place.project / "mlruns" / "mlflow.db")) as opened:
        return opened.execute(query).fetchall()
