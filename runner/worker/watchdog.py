"""On a device: ends one worker, and all that it started, when the connection to the runner ends.

`python3 worker.pyz guard --name NAME` starts the worker of that zipapp. Its standard input and output become the
worker's; libraries print to its standard error, which the connection carries to the runner's log. When the connection
is lost, its input hangs up: the guard sees that while the worker is busy, too. It sleeps in poll(2) and waitpid(2).

It exits with the worker's exit code, 128 + n where signal n ended it, as shells do.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress

from runner.worker import memory_use, orphan_reaper, variables

GRACE_SECONDS = 1.0  # for a worker that sees the end of its input and has nothing to finish
HANG_UP = select.POLLHUP | getattr(select, "POLLRDHUP", 0)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="worker.pyz guard")
    parser.add_argument("--name", default="worker", help="shown in process listings")
    name = parser.parse_args(argv).name
    mark = f"device-{os.getpid()}-{os.urandom(8).hex()}"
    before = memory_use.kills()
    worker = _start(name, mark)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _end(worker))
    threading.Thread(target=_watch, args=(worker,), daemon=True).start()
    code = worker.wait()
    orphan_reaper.kill_marked(mark)
    if code == -signal.SIGKILL and memory_use.blame(before, memory_use.kills()) == "known":
        print("out of memory: the device's kernel killed the worker", file=sys.stderr, flush=True)
    os._exit(128 - code if code < 0 else code)


def _start(name: str, mark: str) -> subprocess.Popen[bytes]:
    """The worker, in a session of its own, so that a kill takes along what it started; of the login's environment with
    what is on the list alone, as on the runner's own machine."""
    # By the zipapp's path: -m would look into the working folder first.
    command = [sys.executable, sys.argv[0], "worker", "--name", name]
    return subprocess.Popen(
        command, env={**variables.passed(os.environ), orphan_reaper.MARK: mark}, start_new_session=True
    )


def _watch(worker: subprocess.Popen[bytes]) -> None:
    """Sleeps until nobody is at the other end of standard input any more."""
    poll = select.poll()
    poll.register(0, HANG_UP)
    poll.poll()
    with suppress(subprocess.TimeoutExpired):
        worker.wait(GRACE_SECONDS)
    _end(worker)


def _end(worker: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
