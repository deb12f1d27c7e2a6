"""`python -m runner sync [--sweep S] [--pages] [--json]`: send to MLflow the records that it lacks, and pages."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.commands.console import say, warn
from runner.core import project_paths
from runner.report.views import sweep_to_mlflow
from runner.report.views.sweep_to_mlflow import PAGE, TABLE


def main(argv: list[str]) -> int:
    """Send what is missing and say how many; 3 where the store can't be reached."""
    arguments = parser("sync", "Send to MLflow the records that it lacks, and the page of a sweep.")
    arguments.add_argument("--sweep", metavar="S", help="a sweep whose page is sent, too: a run of its own has it")
    arguments.add_argument(
        "--pages", action="store_true", help="each record's report page, too, where its run lacks it"
    )
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    from runner.tracking import mlflow_runs, mlflow_store

    root = project_paths.home(project_paths.root())
    with nullcontext() if options.sweep is None else sweep_to_mlflow.files(root, options.sweep, _told_by_sync) as page:
        sent, store = mlflow_runs.sync(root, warn), mlflow_store.without_password(mlflow_store.uri(root))
        run_id = None if page is None else _log_page(root, options.sweep, page)
    pages = _send_pages(root, options.sweep) if options.pages else []
    if options.json:
        console.document({"schema": 1, "store": store, "sent": sent, "page": run_id, "pages": pages})
        return 0
    say(f"{len(sent)} record{'' if len(sent) == 1 else 's'} sent to {store}")
    if run_id:
        say(f"{PAGE} and {TABLE} sent as artifacts of the run {run_id}: sweep {options.sweep}")
    if options.pages:
        say(f"{len(pages)} report page{'' if len(pages) == 1 else 's'} sent")
    return 0


def _send_pages(root: Path, sweep: str | None) -> list[str]:
    from runner.report.views import record_to_mlflow

    return record_to_mlflow.send_pages(root, sweep)


def _told_by_sync(text: str) -> None:
    """Of damaged records the sending tells."""


def _log_page(root: Path, sweep: str, page: Path) -> str:
    """The page's run bears the tags of the sweep's newest record."""
    from runner.results import records
    from runner.tracking import mlflow_sweeps

    mine = [one for one in records.readable(root, _told_by_sync) if records.in_sweep(one, sweep)]
    return mlflow_sweeps.log_page(root, sweep, page, mine[-1].result.tracking.tags)
