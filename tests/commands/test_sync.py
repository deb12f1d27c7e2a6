import json
from pathlib import Path

import pytest

from runner.commands import sync
from runner.core.errors import SpecError
from runner.report.views import record_to_mlflow
from runner.tracking import mlflow_runs, mlflow_store
from tests.report import fixtures, sweeps
from tests.report.fixtures import measured, spec


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, with a store of its own, in which commands are typed."""
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def test_sync_says_how_many_it_sent(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixtures.write(project, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0))
    store = f"sqlite:///{project}/mlruns/mlflow.db"
    assert sync.main([]) == 0
    assert capsys.readouterr().out == f"1 record sent to {store}\n"
    assert sync.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "store": store, "sent": [], "page": None, "pages": []}


def test_a_sweeps_page_is_sent_too_where_it_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweeps.write(project)
    with pytest.raises(SpecError, match="--sweep none: no such sweep"):
        sync.main(["--sweep", "none"])
    assert not (project / "mlruns").exists()
    assert sync.main(["--sweep", sweeps.NAME, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["sent"]) == 6
    client = mlflow_store.open_store(project).client
    page = Path(client.download_artifacts(document["page"], "sweep.html", str(project)))
    assert "<h1>6 cells: 2 faster" in page.read_text(encoding="utf-8")
    table = Path(client.download_artifacts(document["page"], "sweep.csv", str(project)))
    assert len(table.read_text(encoding="utf-8").splitlines()) == 7
    assert sync.main(["--sweep", sweeps.NAME]) == 0
    told = f"sweep.html and sweep.csv sent as artifacts of the run {document['page']}: sweep {sweeps.NAME}"
    assert capsys.readouterr().out.splitlines()[1] == told


def test_report_pages_are_sent_where_they_are_asked_for_and_runs_lack_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweeps.write(project)
    other = fixtures.write(project, measured("20261121T080100-00000001", spec(), spec(), "self", 1.0))
    assert sync.main(["--sweep", sweeps.NAME, "--pages", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["pages"]) == 6
    assert sync.main(["--pages"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["1 report page sent"]
    target = mlflow_store.open_store(project)
    run_id = mlflow_runs.runs_by_record(target)[other.folder.name]
    page = Path(target.client.download_artifacts(run_id, "report.html", str(project)))
    assert "<!doctype html>" in page.read_text(encoding="utf-8").lower()


def test_of_many_records_the_newest_pages_are_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    ids = [f"20261121T0{hour}0100-0000000{hour}" for hour in (7, 8, 9)]
    for name in ids:
        fixtures.write(tmp_path, measured(name, spec(), spec(), "self", 1.0))
    mlflow_runs.sync(tmp_path, pytest.fail)
    assert record_to_mlflow.send_pages(tmp_path, None, newest=2) == ids[1:]
    assert record_to_mlflow.send_pages(tmp_path, None) == ids[:1]
