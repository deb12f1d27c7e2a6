"""`python -m runner keys [--json]`: the keys of the canonical grid, `{step: {cell: key}}`, for dvc.yaml."""

from __future__ import annotations

import json

import yaml

from runner import pipeline, plan, project
from runner.commands.arguments import parser


def main(argv: list[str]) -> int:
    """Print what every stage of dvc.yaml depends on; runs nothing."""
    arguments = parser("keys", f"The keys of the canonical grid, for dvc.yaml; the grid is in {pipeline.PARAMS}.")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    root = project.root()
    found = pipeline.grid_keys(plan.make(pipeline.specs(pipeline.read(root), root), root))
    print(json.dumps({"schema": 1, "keys": found}, indent=1) if options.json else yaml.safe_dump(found).rstrip())
    return 0
