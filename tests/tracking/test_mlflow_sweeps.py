"""A sweep's page in MLflow: one flat run, whose page is the newest, and which is no cell of the sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.tracking import mlflow_runs, mlflow_store, mlflow_sweeps


def files(folder: Path, page: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "sweep.html").write_text(page)
    (folder / "sweep.csv").write_text("record_id\n")
    return folder


def page_of(root: Path, run_id: str, into: Path) -> str:
    client = mlflow_store.open_store(root).client
    assert [file.path for file in client.list_artifacts(run_id)] == ["sweep.csv", "sweep.html"]
    return Path(client.download_artifacts(run_id, "sweep.html", str(into))).read_text(encoding="utf-8")


@pytest.mark.parametrize("sweep", ["aa11bb22", 'it\'s "odd" `name`'])
def test_a_sweep_has_one_run_with_its_newest_page_and_tags(root: Path, tmp_path: Path, sweep: str) -> None:
    first = mlflow_sweeps.log_page(root, sweep, files(tmp_path / "sent", "<p>before</p>"), {"project": "dozer"})
    assert mlflow_sweeps.log_page(root, sweep, files(tmp_path / "sent", "<p>now</p>"), {"project": "digger"}) == first
    assert page_of(root, first, tmp_path) == "<p>now</p>"
    run = mlflow_store.open_store(root).client.get_run(first)
    assert (run.info.run_name, run.info.status, run.data.tags["project"]) == (f"sweep {sweep}", "FINISHED", "digger")
    assert "mlflow.parentRunId" not in run.data.tags


def test_another_sweep_has_a_run_of_its_own(root: Path, tmp_path: Path) -> None:
    sent = files(tmp_path / "sent", "")
    assert mlflow_sweeps.log_page(root, "one", sent, {}) != mlflow_sweeps.log_page(root, "other", sent, {})


def test_its_run_is_no_record_and_no_cell_of_the_sweep(root: Path, tmp_path: Path) -> None:
    run_id = mlflow_sweeps.log_page(root, "cells", files(tmp_path / "sent", ""), {})
    target = mlflow_store.open_store(root)
    assert run_id not in mlflow_runs.runs_by_record(target).values()
    assert target.client.search_runs([target.experiment_id], "tags.sweep = 'cells'") == []
