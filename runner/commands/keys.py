"""`python -m runner keys [--json]`: the keys of the canonical grid, `{step: {cell: key}}`, for dvc.yaml."""

from __future__ import annotations

import json

import yaml

from runner import pipeline, plan, project
from runner.errors import SpecError


def main(argv: list[str]) -> int:
    """Print what every stage of dvc.yaml depends on; runs nothing."""
    unknown = [word for word in argv if word != "--json"]
    if unknown:
        raise SpecError(f"{unknown[0]}: keys takes no such word.", f"The grid is in {pipeline.PARAMS}.")
    root = project.root()
    found = pipeline.grid_keys(plan.make(pipeline.specs(pipeline.read(root), root), root))
    print(json.dumps({"schema": 1, "keys": found}, indent=1) if argv else yaml.safe_dump(found).rstrip())
    return 0
