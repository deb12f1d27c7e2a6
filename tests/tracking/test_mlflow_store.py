import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.core.errors import StepFailed, Unavailable
from runner.tracking import mlflow_store

OPEN = (
    "import sys; from pathlib import Path; from runner.tracking import mlflow_store\n"
    "mlflow_store.open_store(Path(sys.argv[1]))"
)


def opening(root: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", OPEN, str(root)], stderr=subprocess.PIPE)


def test_processes_that_start_together_on_an_empty_project_all_get_the_store(tmp_path: Path) -> None:
    processes = [opening(tmp_path) for _ in range(3)]
    errors = [process.communicate(timeout=120)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert experiments(tmp_path) == ["Default", "edge-runner"]


def test_a_kill_while_the_database_is_made_leaves_a_project_that_still_works(tmp_path: Path) -> None:
    process = opening(tmp_path)
    draft = tmp_path / "mlruns" / "mlflow.db.new"
    while not draft.exists() and process.poll() is None:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert draft.exists()
    assert not mlflow_store.database(tmp_path).exists()
    mlflow_store.open_store(tmp_path)
    assert experiments(tmp_path) == ["Default", "edge-runner"]
    assert not draft.exists()


def test_artifacts_lie_beside_the_database(root: Path) -> None:
    found = mlflow_store.open_store(root).client.get_experiment_by_name("edge-runner")
    assert found is not None
    assert found.artifact_location.startswith((root / "mlruns" / "artifacts").as_uri())


def test_nothing_is_made_in_the_working_folder(root: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", OPEN, str(root)], cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["feature%2Fx@2", "a b?c#d;e"])
def test_any_folder_may_be_a_project(tmp_path: Path, name: str) -> None:
    project = tmp_path / "all" / name
    project.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", OPEN, str(project)], cwd=project, check=True)
    assert experiments(project) == ["Default", "edge-runner"]
    assert [path.name for path in project.parent.iterdir()] == [name]  # MLflow has made no other folder beside it
    assert [path.name for path in project.iterdir()] == ["mlruns"]


def test_a_broken_database_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow tries ten times, and waits longer each time."""
    mlflow_store.database(tmp_path).parent.mkdir()
    mlflow_store.database(tmp_path).write_text("no database")
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it waits"))
    with pytest.raises(StepFailed, match="file is not a database"):
        mlflow_store.open_store(tmp_path)


def test_a_broken_database_says_what_it_is_and_what_to_do(tmp_path: Path) -> None:
    mlflow_store.database(tmp_path).parent.mkdir()
    mlflow_store.database(tmp_path).write_text("no database")
    with pytest.raises(StepFailed) as caught:
        mlflow_store.open_store(tmp_path)
    assert str(mlflow_store.database(tmp_path)) in caught.value.reason
    assert "python -m runner sync" in caught.value.next_step


def test_another_store_is_used_where_the_environment_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        mlflow_store.open_store(tmp_path)
    assert caught.value.reason.startswith("The MLflow store http://127.0.0.1:9 can't be reached")
    assert caught.value.next_step == "The records are kept. When it answers again: python -m runner sync"
    assert not mlflow_store.database(tmp_path).exists()


def test_runs_go_to_the_experiment_that_the_environment_names(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = mlflow_store.open_store(root)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "night shift")
    other = mlflow_store.open_store(root)
    assert other.experiment_id != usual.experiment_id
    assert other.client.get_experiment(other.experiment_id).name == "night shift"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "")
    assert mlflow_store.open_store(root).experiment_id == usual.experiment_id


def test_a_deleted_experiment_is_said_with_the_command_that_brings_it_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "deleted")
    found = mlflow_store.open_store(root)
    found.client.delete_experiment(found.experiment_id)
    mlflow_store._open.cache_clear()
    with pytest.raises(StepFailed, match="The MLflow experiment deleted was deleted") as told:
        mlflow_store.open_store(root)
    restore = told.value.next_step.partition(", or")[0].split()
    store = {**os.environ, "MLFLOW_TRACKING_URI": mlflow_store.uri(root)}
    subprocess.run([sys.executable, "-m", *restore], env=store, check=True, capture_output=True)
    assert mlflow_store.open_store(root).experiment_id == found.experiment_id


def experiments(root: Path) -> list[str]:
    with sqlite3.connect(mlflow_store.database(root)) as connection:
        return sorted(name for (name,) in connection.execute("SELECT name FROM experiments"))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://me:se@cret@host:5000/x", "https://me:***@host:5000/x"),
        ("https://me:secret@host", "https://me:***@host"),
        ("http://host:5000/a@b", "http://host:5000/a@b"),
        ("https://me@host", "https://me@host"),
    ],
)
def test_a_servers_password_is_told_to_nobody(address: str, told: str) -> None:
    assert mlflow_store.without_password(f"sent to {address}.") == f"sent to {told}."


def test_nor_where_the_server_cannot_be_reached(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        mlflow_store.open_store(root)
    assert "http://me:***@127.0.0.1:9" in caught.value.reason
    assert "secret" not in caught.value.reason
