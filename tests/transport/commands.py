"""Commands that open a worker, and end in their own way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY


def opening(folder: Path, then: str) -> list[str]:
    """A command that opens the worker `w`, and does `then`."""
    opened = f"w = open_worker(Path({str(folder / 'log')!r}), name='w')\n"
    imports = "import os, signal; from pathlib import Path; from runner.transport.local import open_worker\n"
    ask = "ask = lambda what, **given: w.ask('call', timeout=600, module='odd_code', function=what, arguments=given)\n"
    return [sys.executable, "-c", imports + opened + ask + then]


def environment(**more: str) -> dict[str, str]:
    """That in which a command finds the runner and `odd_code`."""
    paths = [str(REPOSITORY), str(REPOSITORY / "tests/worker")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}


def killed(command: list[str], **more: str) -> str:
    """What the command says in its first line; then it is killed."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(**more)) as running:
        assert running.stdout is not None
        said = running.stdout.readline()
        running.kill()
    return said.strip()
