"""`python -m runner keys [--files] [--json]`: the keys of the canonical grid, `{step: {cell: key}}`, for dvc.yaml."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from runner.commands import dvc_grid
from runner.commands.cli_parser import parser
from runner.core import project_paths
from runner.planning import plan


def main(argv: list[str]) -> int:
    """Print what every stage of dvc.yaml depends on; runs nothing."""
    arguments = parser("keys", f"The keys of the canonical grid, for dvc.yaml; the grid is in {dvc_grid.PARAMS}.")
    arguments.add_argument("--files", action="store_true", help="each to a file, too: pipeline/keys/<step>/<cell>")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    root = project_paths.root()
    found = dvc_grid.grid_keys(plan.make(dvc_grid.specs(dvc_grid.read(root), root), root))
    if options.files:
        _write(found, root / "pipeline" / "keys")
    print(json.dumps({"schema": 1, "keys": found}, indent=1) if options.json else yaml.safe_dump(found).rstrip())
    return 0


def _write(keys: Mapping[str, Mapping[str, str]], folder: Path) -> None:
    """A file a key, in the place of those of an earlier grid."""
    shutil.rmtree(folder, ignore_errors=True)
    for step, cells in keys.items():
        (folder / step).mkdir(parents=True)
        for cell, key in cells.items():
            (folder / step / cell).write_text(f"{key}\n", encoding="utf-8")
