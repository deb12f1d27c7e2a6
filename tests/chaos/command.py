"""Commands that are killed: at a point inside, after some time, or not at all; a log outside says what they did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HOOK = Path(__file__).parent / "hook"
SECONDS = 240.0


@dataclass(frozen=True)
class Place:
    """A project, and beside it the log of what commands in it do and a cache folder with locks of its own."""

    project: Path
    outside: Path

    @property
    def log(self) -> Path:
        return self.outside / "log"


def at(folder: Path) -> Place:
    """A new place in `folder`."""
    place = Place(folder / "project", folder / "outside")
    place.project.mkdir()
    place.outside.mkdir()
    (place.project / "runner.toml").touch()
    return place


@dataclass
class Running:
    """A command in a session of its own, so that its group can be killed as a whole."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def ended(self, seconds: float = SECONDS) -> int:
        out, err = self.process.communicate(timeout=seconds)
        self.said += [out, err]
        return self.process.returncode

    @property
    def out(self) -> str:
        return self.said[0]

    @property
    def err(self) -> str:
        return self.said[1]

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)


def start(place: Place, *words: str, kill_at: str = "", nth: int = 1, env: Mapping[str, str] | None = None) -> Running:
    """`python -m runner WORDS` in the project; `kill_at` is a point of `hook/sitecustomize.py`."""
    hits = place.outside / "hits"
    hits.unlink(missing_ok=True)
    chaos = (
        {"RUNNER_CHAOS_AT": kill_at, "RUNNER_CHAOS_NTH": str(nth), "RUNNER_CHAOS_HITS": str(hits)} if kill_at else {}
    )
    paths = (str(HOOK), str(REPOSITORY), os.environ.get("PYTHONPATH"))
    full = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "XDG_CACHE_HOME": str(place.outside / "cache"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "RUNNER_CHAOS_LOG": str(place.log),
        **chaos,
        **(env or {}),
    }
    process = subprocess.Popen(
        ["sh", "-c", 'RUNNER_CHAOS_GROUP=$$ exec "$@"', "sh", sys.executable, "-m", "runner", *words],
        cwd=place.project,
        env=full,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    return Running(process)


def left_running(place: Place, seconds: float = 10.0) -> list[int]:
    """Processes of commands in `place` that still run after `seconds` in which they may end."""
    deadline = time.monotonic() + seconds
    while (found := _running(place)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _running(place: Place) -> list[int]:
    wanted = f"RUNNER_CHAOS_LOG={place.log}".encode()
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if wanted in _environment(path)]


def _environment(path: Path) -> bytes:
    try:
        return (path / "environ").read_bytes()
    except OSError:
        return b""
