"""MLflow without what sending doesn't use of it: the same runs, and only where no one else may need the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.tracking import lean_import, mlflow_runs, mlflow_store, worker
from tests.report import fixtures
from tests.report.fixtures import measured, spec

SENT_LEAN = """
import sys
from pathlib import Path
from runner.tracking import worker
worker.load(sys.argv[1])
assert type(sys.modules["mlflow.genai"]).__name__ == "_StandIn"
worker.prepare(sys.argv[1])
print(worker.publish(*sys.argv[1:])["run_id"])
"""


def content_of(root: Path, run_id: str) -> tuple[Any, ...]:
    client = mlflow_store.open_store(root).client
    run = client.get_run(run_id)
    files = sorted((file.path, file.file_size) for file in client.list_artifacts(run_id))
    tags = {name: value for name, value in run.data.tags.items() if name != "mlflow.user"}
    return run.info.status, run.info.start_time, run.data.metrics, run.data.params, tags, files


def project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "runner.toml").touch()
    return folder


def test_a_run_sent_by_the_lean_import_is_that_of_the_whole(tmp_path: Path) -> None:
    content = measured("20261121T090100-000000a1", spec(precision="int8"), spec(), "onnxruntime fp32", 1.43)
    lean, whole = project(tmp_path / "lean"), project(tmp_path / "whole")
    sent = fixtures.write(lean, content)
    command = [sys.executable, "-c", SENT_LEAN, str(lean), str(sent.folder)]
    run_id = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    other = mlflow_runs.log_record(fixtures.write(whole, content).folder, whole)
    assert content_of(lean, run_id) == content_of(whole, other)


def test_a_server_gets_all_of_mlflow_for_a_plug_in_may_need_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker._unused(tmp_path) == lean_import.UNUSED
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert worker._unused(tmp_path) == ()


@pytest.mark.parametrize("version", ["3.16.9", "3.18.0", "4.0.0"])
def test_another_version_of_mlflow_is_imported_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(worker.metadata, "version", lambda name: version)
    assert worker._unused(tmp_path) == ()


def test_a_stand_in_is_there_inside_only() -> None:
    with lean_import.without(("a_serving_kit",)):
        from a_serving_kit.errors import Fault, Other  # type: ignore[import-not-found]
    assert Fault is not Other
    del sys.modules["a_serving_kit"], sys.modules["a_serving_kit.errors"]
    with pytest.raises(ModuleNotFoundError):
        import a_serving_kit  # noqa: F401
