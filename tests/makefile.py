"""The repository's Makefile, as typed by hand: `make test` hands down its own flags and variables."""

from __future__ import annotations

import os
import subprocess

from tests.conftest import REPOSITORY

HANDED_DOWN = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "ARGS", "PYTHON")


def last_line(target: str) -> str:
    """What `make TARGET` would run last."""
    env = {name: value for name, value in os.environ.items() if name not in HANDED_DOWN}
    words = ["make", "--silent", "--dry-run", target]
    return subprocess.run(
        words, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()[-1]
