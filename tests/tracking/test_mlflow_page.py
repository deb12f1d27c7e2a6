"""The commands of docs/mlflow.md, on a real server with a database."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.results import records
from tests import documents, short_project, trained
from tests.conftest import REPOSITORY, Command
from tests.mlflow_server import free_port, server

pytestmark = pytest.mark.slow

PAGE = "docs/mlflow.md"
TAGS, SENT, MODELS, SERVER = documents.blocks(PAGE, "tests/tracking/test_mlflow_page.py")


@pytest.fixture
def project(tmp_path: Path, short_trained_once: Path) -> Path:
    made = short_project.make(tmp_path / "project")
    trained.place(short_trained_once, made)
    return made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a server."""
    port = free_port()
    with server(tmp_path, port):
        yield f"http://127.0.0.1:{port}"


def test_its_commands_do_what_it_says(command: Command, project: Path, site: str) -> None:
    exported, run, sync = SERVER[:2], *SERVER[2:]
    names = dict(line.removeprefix("export ").split("=", 1) for line in exported)
    env = {"MLFLOW_TRACKING_URI": site, "MLFLOW_EXPERIMENT_NAME": names["MLFLOW_EXPERIMENT_NAME"].strip('"')}
    for line in (*TAGS, *MODELS, run):
        assert typed(command, line, project, env).err.count("not in MLflow") == 0
    (sweep,) = {record.result.sweep for record in records.read_all(project)} - {""}
    said = [typed(command, line.replace(" S", f" {sweep}"), project, env).out for line in (sync, *SENT)]
    assert [text.splitlines()[0] for text in said] == [f"0 records sent to {site}"] * 4
    assert said[-1].endswith("2 report pages sent\n")
    check(site, sweep)


def typed(command: Command, line: str, project: Path, env: dict[str, str]) -> Any:
    words = shlex.split(line, comments=True)
    assert words[:3] == ["python", "-m", "runner"]
    done = command(*words[3:], cwd=project, env=env)
    assert done.code == 0, done.err
    return done


def check(site: str, sweep: str) -> None:
    """What the page says is there, is there."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=site)
    experiment = client.get_experiment_by_name("night shift")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    tagged = [run.info.run_name for run in runs if run.data.tags.get("project") == "dozer"]
    assert len(tagged) == 3 and f"sweep {sweep}" in tagged
    (page,) = [run for run in runs if run.info.run_name == f"sweep {sweep}"]
    assert [file.path for file in client.list_artifacts(page.info.run_id)] == ["sweep.csv", "sweep.html"]
    (modelled,) = [run for run in runs if "model_files" in run.data.tags]
    assert "model/model.onnx" in [file.path for file in client.list_artifacts(modelled.info.run_id, "model")]
    query = re.search(r"```text\n(.*)\n```", (REPOSITORY / PAGE).read_text())
    assert query
    client.search_runs([experiment.experiment_id], query[1])
