"""Another Python interpreter of this machine, with libraries of its own: the worker travels to it as a zipapp."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runner.core import programs
from runner.core.advice import shell
from runner.core.errors import Unavailable
from runner.core.programs import NoAnswer
from runner.transport import endpoint, local, worker_zipapp
from runner.transport.endpoint import ANSWER_SECONDS, WorkerOptions
from runner.transport.local import Worker
from runner.worker import memory_use, variables

# What points our own interpreter to its libraries says nothing to another one.
OURS = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "VIRTUAL_ENV")
# Read by any Python there is, so that one that is too old can be told. -c looks into the working folder first.
PROBE = """\
import sys
sys.path = [entry for entry in sys.path if entry]
if sys.version_info < (3, 8):
    sys.stdout.write("Python %d.%d" % tuple(sys.version_info[:2]))
    sys.exit(98)
from importlib import util
if util.find_spec("numpy") is None:
    sys.exit(97)
sys.stdout.write("fit")
"""
TOO_OLD, NO_NUMPY, FIT = 98, 97, "fit"
NAME_ANOTHER = "Name one that is there: toolchain.python=/opt/sdk/bin/python"


@dataclass(frozen=True)
class Interpreter:
    """The interpreter `python`: a path, or a program's name on PATH; Python 3.8 at least, with numpy."""

    python: str

    @property
    def name(self) -> str:
        return f"python:{self.python}"

    def open_worker(self, log: Path, options: WorkerOptions) -> Worker:
        memory_use.check_watchable(options.memory_mb)
        packed = str(worker_zipapp.current(options.modules))
        command = [_checked(self.python), packed, "worker", "--name", options.name]
        env = environment(options.threads)
        return local.start(command, log, name=options.name, env=env, memory_mb=options.memory_mb)

    put = endpoint.on_this_disk
    folder = endpoint.shared_folder
    scratch = endpoint.shared_scratch
    call = endpoint.called
    versions = endpoint.versions_of
    code = endpoint.travelled


def environment(threads: int | None) -> dict[str, str]:
    """What a worker of another interpreter gets of this process's environment."""
    found = {name: value for name, value in variables.passed(os.environ).items() if name not in OURS}
    return found if threads is None else {**found, **dict.fromkeys(local.THREAD_VARIABLES, str(threads))}


@cache
def _checked(python: str) -> str:
    """Its path. Raises Unavailable where there is none, or it can't run a worker."""
    path = str(Path(python).expanduser()) if python.startswith("~") else python
    try:
        done = programs.ask([path, "-c", PROBE], ANSWER_SECONDS, environment(None))
    except NoAnswer as error:
        raise Unavailable(f"toolchain.python={python}: no interpreter: {error}.", NAME_ANOTHER) from error
    if done.returncode == TOO_OLD:
        raise Unavailable(f"toolchain.python={python}: it is {done.stdout}; the oldest that does is 3.8.", NAME_ANOTHER)
    if done.returncode == NO_NUMPY:
        raise Unavailable(f"toolchain.python={python}: it has no numpy.", shell(path, "-m", "pip", "install", "numpy"))
    if done.stdout != FIT:
        said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
        raise Unavailable(f"toolchain.python={python}: it is no Python: {said[-1][:200]}.", NAME_ANOTHER)
    return path
