"""Records' report pages in MLflow, each an artifact of its record's run: sent where somebody is about to look at them
(`ui`) or asks for it (`sync --pages`), since a page would lengthen the end of every run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from runner.report import report_model
from runner.report.views import html
from runner.results import multiple_comparisons, records
from runner.results.records import Record
from runner.tracking import mlflow_runs, mlflow_store

PAGE = "report.html"


def send_pages(root: Path, sweep: str | None, newest: int = 0) -> list[str]:
    """Send the pages of the records, or of those of one sweep, whose runs lack theirs; their record_ids. Of the
    `newest` alone; 0: of all. Raises Unavailable where the store can't be reached."""
    target = mlflow_store.open_store(root)
    every = records.readable(root, lambda text: None)  # `sync` before it has told
    mine = [record for record in every if sweep is None or records.in_sweep(record, sweep)][-newest:]
    sent = []
    with mlflow_store.reported(root):
        runs = mlflow_runs.runs_by_record(target)
        for record in mine:
            run_id = runs.get(record.result.record_id)
            if run_id and not mlflow_runs.has_file(target, run_id, PAGE):
                with tempfile.TemporaryDirectory() as folder:
                    target.client.log_artifact(run_id, str(_written(record, every, Path(folder))))
                sent.append(record.result.record_id)
    return sent


def _written(record: Record, every: Sequence[Record], folder: Path) -> Path:
    file = folder / PAGE
    found = report_model.collect(record, multiple_comparisons.of_record(record, every))
    file.write_text(html.render(found), encoding="utf-8")
    return file
