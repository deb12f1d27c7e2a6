"""`python -m runner sync [--sweep S] [--json]`: send to MLflow the records that it lacks, and a sweep's page."""

from __future__ import annotations

import json
from pathlib import Path

from runner.commands.cli_parser import parser
from runner.commands.console import say, warn
from runner.core import project_paths


def main(argv: list[str]) -> int:
    """Send what is missing and say how many; 3 where the store can't be reached."""
    arguments = parser("sync", "Send to MLflow the records that it lacks, and the page of a sweep.")
    arguments.add_argument("--sweep", metavar="S", help="a sweep whose page is sent, too: a run of its own has it")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    from runner.tracking import mlflow_runs, mlflow_store, mlflow_sweeps

    root = project_paths.home(project_paths.root())
    page = None if options.sweep is None else _page(options.sweep, root)
    sent, store = mlflow_runs.sync(root, warn), mlflow_store.uri(root)
    run_id = None if page is None else mlflow_sweeps.log_page(root, options.sweep, page)
    if options.json:
        print(json.dumps({"schema": 1, "store": store, "sent": sent, "page": run_id}, indent=1))
        return 0
    say(f"{len(sent)} record{'' if len(sent) == 1 else 's'} sent to {store}")
    if run_id:
        say(f"sweep.html sent as an artifact of the run {run_id}: sweep {options.sweep}")
    return 0


def _page(sweep: str, root: Path) -> str:
    """Raises SpecError for an unknown sweep. Of damaged records the sending tells."""
    from runner.report import sweep_page
    from runner.report.views import sweep_html
    from runner.results import project_comparison

    found = project_comparison.read(root, lambda text: None, sweep)
    return sweep_html.render(sweep_page.collect(found))
