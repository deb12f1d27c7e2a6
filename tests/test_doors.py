"""No process of ours listens anywhere: not in a sweep, with tracking, nor on a device; tests/commands/test_ui.py has
the UI."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from tests import doors, sshd
from tests.conftest import QUICK
from tests.sshd import Sshd
from tests.test_interrupt import Running

WORDS = ("-m", "model=gru,lstm", "model.hidden=4", "precision=fp32", "baseline=none", "schedule.workers=2", *QUICK)
SECONDS = 240.0


def seen(running: Running, server: Sshd | None = None) -> tuple[set[str], set[str]]:
    """What listened while the command ran, and the names of the workers that were looked at."""
    listened: set[str] = set()
    workers: set[str] = set()
    end = time.monotonic() + SECONDS
    while running.process.poll() is None:
        assert time.monotonic() < end, running.said
        pids = [running.process.pid, *(server.ours() if server else [])]
        listened.update(found for pid in pids for found in doors.listening(pid))
        workers.update(name for pid in pids for name in named(pid))
        time.sleep(0.05)
    return listened, workers


def named(pid: int) -> list[str]:
    """The first word of the `--name` of every worker below a process."""
    found = []
    for one in doors.tree(pid):
        try:
            words = one.cmdline()
        except psutil.Error:
            continue
        found += [words[at + 1].split()[0] for at, word in enumerate(words) if word == "--name"]
    return found


def test_a_socket_that_listens_is_seen() -> None:
    """The look itself: it would see what the tests below say isn't there."""
    with socket.socket() as four, socket.socket(socket.AF_INET6) as six:
        for one, host in ((four, "127.0.0.1"), (six, "::1")):
            one.bind((host, 0))
            one.listen()
        ports = [one.getsockname()[1] for one in (four, six)]
        found = {one.split()[0] for one in doors.listening(os.getpid())}
    assert found == {f"127.0.0.1:{ports[0]}", f"[::1]:{ports[1]}"}


@pytest.mark.slow
def test_nothing_listens_while_a_sweep_prepares_measures_and_tracks(tmp_path: Path) -> None:
    running = Running(tmp_path, *WORDS)
    listened, workers = seen(running)
    assert running.process.returncode == 0, running.said
    assert {"step", "tracking", "candidate"} <= workers
    assert listened == set()


@pytest.mark.slow
@sshd.needed
def test_nothing_of_ours_listens_on_either_end_of_a_connection_to_a_device(tmp_path: Path) -> None:
    (tmp_path / "sshd").mkdir()
    (tmp_path / "project").mkdir()
    with sshd.serving(tmp_path / "sshd") as server:
        words = [word for word in WORDS if word not in ("-m", "model=gru,lstm", "schedule.workers=2")]
        running = Running(tmp_path / "project", "model=gru", *words, *server.words(), env={"PATH": server.path})
        listened, workers = seen(running, server)
    assert running.process.returncode == 0, running.said
    assert {"observer", "candidate"} <= workers
    assert listened == set()
