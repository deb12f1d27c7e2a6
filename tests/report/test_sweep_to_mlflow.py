"""A sweep's page and table go to MLflow by themselves: once for what they are made of, and never in the way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.core.errors import Unavailable
from runner.report.views import sweep_to_mlflow
from runner.results import records
from runner.tracking import mlflow_store
from runner.tracking.client import Tracker
from tests.report import sweeps

LATER = f"Send it later: python -m runner sync --sweep {sweeps.NAME}"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a sweep."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    (tmp_path / "runner.toml").touch()
    sweeps.write(tmp_path)
    return tmp_path


def test_both_are_files_for_the_time_that_they_are_sent(root: Path) -> None:
    with sweep_to_mlflow.files(root, sweeps.NAME, pytest.fail) as folder:
        assert sorted(file.name for file in folder.iterdir()) == ["sweep.csv", "sweep.html"]
        assert len((folder / "sweep.csv").read_text().splitlines()) == 7
    assert not folder.exists()


def test_they_are_sent_with_the_users_tags(root: Path) -> None:
    with Tracker(root) as tracker:
        tracker.start()
        assert sweep_to_mlflow.send(tracker, sweeps.NAME, records.read_all(root), {"project": "dozer"}) == ""
    target = mlflow_store.open_store(root)
    (run,) = target.client.search_runs([target.experiment_id])
    assert (run.info.status, run.data.tags["project"]) == ("FINISHED", "dozer")
    assert [file.path for file in target.client.list_artifacts(run.info.run_id)] == ["sweep.csv", "sweep.html"]


class Counting(Tracker):
    """Counts what it is to send; the store is `away`, or takes everything."""

    def __init__(self, root: Path, *, away: bool = False) -> None:
        super().__init__(root)
        self.away, self.sent = away, 0

    def publish_page(self, sweep: str, folder: Path, tags: Mapping[str, str]) -> str:
        self.sent += 1
        if self.away:
            raise Unavailable("The MLflow store can't be reached.")
        return "run"


def test_the_same_sweep_again_sends_nothing_and_another_record_or_tag_does(root: Path) -> None:
    tracker, kept = Counting(root), records.read_all(root)
    for given, tags in ((kept[:-1], {}), (kept, {}), (kept, {}), (kept, {"project": "dozer"})):
        assert sweep_to_mlflow.send(tracker, sweeps.NAME, given, tags) == ""
    assert tracker.sent == 3


def test_what_can_not_be_sent_is_one_line_and_is_tried_again(root: Path) -> None:
    kept = records.read_all(root)
    told = sweep_to_mlflow.send(Counting(root, away=True), sweeps.NAME, kept, {})
    assert told == f"the sweep's page is not in MLflow yet: The MLflow store can't be reached. {LATER}"
    again = Counting(root)
    assert sweep_to_mlflow.send(again, sweeps.NAME, kept, {}) == ""
    assert again.sent == 1


def test_a_page_that_can_not_be_made_is_told_likewise(root: Path) -> None:
    tracker = Counting(root)
    told = sweep_to_mlflow.send(tracker, "none", records.read_all(root), {})
    assert told.startswith("the sweep's page is not in MLflow yet: --sweep none: no such sweep.")
    assert tracker.sent == 0
