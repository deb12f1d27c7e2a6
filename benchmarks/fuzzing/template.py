"""What a real run leaves, made once for all processes of one fuzzing: its records and artifacts are what is changed."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

PLACE = "FUZZ_TEMPLATE"  # the environment's variable with the folder, set by the driver
WORDS = (
    "model=gru", "model.window=8", "model.hidden=4", "data=mackey_glass", "data.rows=200", "train=smoke",
    "precision=int8_dynamic", "measure=quick", "measure.min_pairs=2", "measure.max_pairs=2",
    "measure.min_seconds=0.01",
)  # fmt: skip


def make(folder: Path, tree: Path) -> None:
    """A project in `folder` with one record, by the runner of the source `tree`."""
    folder.mkdir(parents=True)
    (folder / "runner.toml").touch()
    env = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, "-m", "runner", *WORDS],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(f"the run that is to be changed failed: {done.stderr[-400:]}")
    os.environ[PLACE] = str(folder)


@cache
def project() -> Path:
    """The project with one run."""
    return Path(os.environ[PLACE])


@cache
def record() -> Path:
    """The folder of its record."""
    return next(path for path in sorted((project() / "records").iterdir()) if (path / "record.json").is_file())
