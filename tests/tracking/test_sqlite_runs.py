"""What is written into MLflow's tables without MLflow is what MLflow itself writes: all rows, all files."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from runner.pictures import record_pictures
from runner.results.records import Record
from runner.tracking import client, mlflow_runs, mlflow_store, sqlite_runs, sync_state
from runner.tracking.client import Tracker
from tests.report import fixtures
from tests.report.fixtures import measured, not_measured, spec

INT8 = spec(precision="int8_dynamic")


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """A project whose store knows what `root`'s does, for tests that leave there what other tests can't have."""
    (tmp_path / "mlruns").mkdir()
    mlflow_store.database(tmp_path).write_bytes(mlflow_store.database(root).read_bytes())
    return tmp_path


@contextmanager
def database(root: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(mlflow_store.database(root))) as opened, opened:
        yield opened


def rows(root: Path) -> set[tuple[Any, ...]]:
    """Of all tables, whatever their columns' order."""
    with database(root) as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = set()
        for table in tables:
            asked = opened.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in asked.description]
            found |= {(table, *zip(names, row, strict=True)) for row in asked}
        return found


def files(root: Path, run_id: str) -> dict[str, bytes]:
    with database(root) as opened:
        (address,) = opened.execute("SELECT artifact_uri FROM runs WHERE run_uuid = ?", (run_id,)).fetchone()
    folder = Path(unquote(urlsplit(address).path))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def forget(root: Path, run_id: str) -> None:
    with database(root) as opened:
        for table in ("metrics", "latest_metrics", "params", "tags", "runs"):
            opened.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))


def renamed(row: tuple[Any, ...], ours: str, theirs: str) -> tuple[Any, ...]:
    """The row as one of a run with another id."""
    table, *cells = row
    return (table, *((name, value.replace(ours, theirs) if isinstance(value, str) else value) for name, value in cells))


def wide(record_id: str) -> dict[str, Any]:
    """More parameters than MLflow takes at once, a long text, names that it refuses."""
    content = measured(record_id, spec(), INT8, "onnxruntime fp32", 1.0, sweep="aa11")
    content["spec"]["data"]["features"] = ["x" * 10_000]
    content["spec"]["model"] |= {f"layer_{number}": number for number in range(150)} | {"input[0]": "Größe\n*a*"}
    content["metrics"] |= {"quality/mae": -0.0, "odd[1]": 3}
    return content


CONTENTS = [
    measured("20261121T100000-000000a1", INT8, spec(), "onnxruntime fp32", 1.43),
    not_measured("20261121T100000-000000a2", INT8, "unsupported", "no int8 kernel for LSTM.", "Use int8."),
    wide("20261121T100000-000000a3"),
]


@pytest.mark.parametrize("content", CONTENTS, ids=["measured", "not measured", "wide"])
def test_it_writes_the_rows_and_files_that_mlflow_writes(root: Path, content: dict[str, Any]) -> None:
    record = fixtures.write(root, content)
    record_pictures.write(record_pictures.of_record(record), record.folder)
    before = rows(root)
    ours = sqlite_runs.log_record(record.folder, root)
    assert ours is not None
    written, kept = rows(root) - before, files(root, ours)
    forget(root, ours)
    theirs = mlflow_runs.log_record(record.folder, root)
    assert {renamed(row, ours, theirs) for row in written} == rows(root) - before
    assert kept == files(root, theirs)


def new(root: Path, record_id: str) -> Record:
    return fixtures.write(root, measured(record_id, INT8, spec(), "onnxruntime fp32", 1.43))


def test_a_record_that_was_sent_is_in_the_store_for_mlflow_and_for_us(root: Path) -> None:
    record = new(root, "20261121T100100-000000b1")
    run_id = sqlite_runs.log_record(record.folder, root)
    assert mlflow_runs.log_record(record.folder, root) == run_id
    assert sync_state.missing(root, [record]) == []


def test_a_record_that_the_store_knows_is_left_to_mlflow(root: Path) -> None:
    record = new(root, "20261121T100100-000000b2")
    assert sqlite_runs.log_record(record.folder, root)
    before = rows(root)
    assert sqlite_runs.log_record(record.folder, root) is None
    assert rows(root) == before


def test_a_kill_before_the_rows_are_there_leaves_none_and_it_is_sent_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, before = new(root, "20261121T100100-000000b3"), rows(root)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(sqlite_runs, "insert", raises(KeyboardInterrupt()))
        sqlite_runs.log_record(record.folder, root)
    assert rows(root) == before
    assert sqlite_runs.log_record(record.folder, root)


def raises(error: BaseException) -> Any:
    def called(*arguments: object, **options: object) -> None:
        raise error

    return called


@pytest.mark.parametrize("metric", ["../odd", "/odd", "odd//name", "x" * 251])
def test_a_name_that_mlflow_refuses_is_left_to_mlflow(copy: Path, metric: str) -> None:
    content = measured("20261121T100100-000000b4", INT8, spec(), "onnxruntime fp32", 1.43)
    content["metrics"][metric] = 1.0
    before = rows(copy)
    assert sqlite_runs.log_record(fixtures.write(copy, content).folder, copy) is None
    assert rows(copy) == before


def test_two_parameters_that_come_to_one_name_are_left_to_mlflow(copy: Path) -> None:
    content = measured("20261121T100100-000000b5", spec(), INT8, "onnxruntime fp32", 1.43)
    content["spec"]["model"] |= {"a[": 1, "a]": 2}
    assert sqlite_runs.log_record(fixtures.write(copy, content).folder, copy) is None


def test_it_is_for_the_projects_own_database_as_this_mlflow_makes_it(root: Path, tmp_path: Path) -> None:
    assert sqlite_runs.usable(root)
    assert not sqlite_runs.usable(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"), [("MLFLOW_TRACKING_URI", "http://127.0.0.1:9"), ("MLFLOW_WORKSPACE", "other")]
)
def test_what_the_environment_tells_mlflow_is_for_mlflow(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert not sqlite_runs.usable(root)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alembic_version SET version_num = '0123456789ab'",
        "UPDATE experiments SET lifecycle_stage = 'deleted'",
        "UPDATE experiments SET artifact_location = 's3://bucket/1'",
        "DROP TABLE experiments",
    ],
)
def test_a_database_of_another_form_is_for_mlflow(copy: Path, change: str) -> None:
    assert sqlite_runs.usable(copy)
    with database(copy) as opened:
        opened.execute(change)
    assert not sqlite_runs.usable(copy)


def test_another_version_of_mlflow_writes_itself(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_runs.installed, "version", lambda name: "3.18.0")
    assert not sqlite_runs.usable(root)


def test_a_command_whose_database_is_known_starts_no_worker(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = new(root, "20261121T100200-000000c1")
    monkeypatch.setattr(client, "open_worker", raises(AssertionError("a worker was started")))
    with Tracker(root) as tracker:
        tracker.start()
        tracker.open_store()
        with tracker.still():
            pass
        run_id = tracker.publish(record)["run_id"]
    assert mlflow_runs.runs_by_record(mlflow_store.open_store(root))[record.folder.name] == run_id


def test_a_run_that_was_killed_halfway_is_completed_by_mlflows_worker(root: Path) -> None:
    record, target = new(root, "20261121T100200-000000c2"), mlflow_store.open_store(root)
    half = target.client.create_run(target.experiment_id, tags={"record_id": record.folder.name}).info.run_id
    with Tracker(root) as tracker:
        tracker.start()
        assert tracker.publish(record)["run_id"] == half
    assert target.client.get_run(half).info.status == "FINISHED"
