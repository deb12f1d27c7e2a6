"""Where a command may write a file that a user names: never over what the project keeps."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from runner.core.errors import SpecError

KEPT = (
    "records",
    "artifacts",
    "calibration",
    "races",
    "pipeline",
    "mlruns",
    "mlartifacts",
    "conf",
    "experiments",
    ".dvc",
)
FILES = ("mlflow.db", "runner.toml", "params.yaml", "dvc.yaml", "dvc.lock", "keys.yaml")
DESCRIPTIONS = ("record.json", "artifact.json")  # beside one of these lies evidence, whichever project's
DEEP = 3  # levels below such a description


def check(file: Path, project: Path, option: str) -> None:
    """Raises SpecError where `file`, given as `option`, can't be written, would take the place of what is no plain
    file, or lies in what a project keeps, by whichever links."""
    if not file.parent.is_dir() or file.is_dir():
        raise SpecError(
            f"{option} {file}: no such folder, or a folder itself.", "Name a file in a folder that is there."
        )
    if os.path.lexists(file) and not stat.S_ISREG(file.lstat().st_mode):  # a rename would remove the pipe, or /dev/full
        raise SpecError(
            f"{option} {file}: there is a link, a pipe or a device of that name.", "Name a plain file, or a new one."
        )
    there, home = file.parent.resolve() / file.name, project.resolve()
    inside = next((name for name in KEPT if there.is_relative_to((home / name).resolve())), "")
    own = there.parent == home and there.name in FILES
    if inside or own or any((folder / name).exists() for folder in list(there.parents)[:DEEP] for name in DESCRIPTIONS):
        raise SpecError(
            f"{option} {file}: lies in {inside or 'what the project keeps'}, where nothing is overwritten.",
            "Name a file elsewhere.",
        )
