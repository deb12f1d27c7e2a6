"""`python -m runner sync [--json]`: send to MLflow the records that it lacks."""

from __future__ import annotations

import json

from runner.commands.cli_parser import parser
from runner.commands.console import say, warn
from runner.core import project_paths


def main(argv: list[str]) -> int:
    """Send what is missing and say how many; 3 where the store can't be reached."""
    arguments = parser("sync", "Send to MLflow the records that it lacks.")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    from runner.tracking import mlflow_runs, mlflow_store

    root = project_paths.home(project_paths.root())
    sent = mlflow_runs.sync(root, warn)
    if options.json:
        print(json.dumps({"schema": 1, "store": mlflow_store.uri(root), "sent": sent}, indent=1))
    else:
        say(f"{len(sent)} record{'' if len(sent) == 1 else 's'} sent to {mlflow_store.uri(root)}")
    return 0
