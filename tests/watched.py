"""A command watched by strace(1): whom it and all that it starts talk to, and what is left in its home folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

NOT_OURS = ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_TRACKING_URI", "DO_NOT_TRACK", "CI", "XDG_CACHE_HOME", "MPLCONFIGDIR")
# A name is looked up at port 53, wherever it is (a resolver may listen on loopback), or by systemd's over its socket.
LOOK_UP = re.compile(r"htons\(53\)|systemd/resolve")
ADDRESS = re.compile(r"inet_(?:addr\(|pton\(AF_INET6, )\"([^\"]+)\"")
SENDS = re.compile(r"\b(connect|sendto|sendmsg|sendmmsg|bind)\(")


@dataclass(frozen=True)
class Watch:
    """What was written down of a command."""

    trace: Path
    home: Path

    def calls(self) -> list[str]:
        """Every system call of the network's (strace's %network) of every process, one a line."""
        return self.trace.read_text(errors="replace").splitlines()

    def outside(self) -> list[str]:
        """Those that look a name up, or go beyond this machine."""
        return [line for line in self.calls() if SENDS.search(line) and (LOOK_UP.search(line) or _leaves(line))]

    def left_in_home(self) -> set[str]:
        """Top folders of what is in the home folder now; in `.cache` those below."""
        below = {path.relative_to(self.home) for path in self.home.rglob("*")}
        return {str(path) for path in below if len(path.parts) == (2 if path.parts[0] == ".cache" else 1)} - {".cache"}


def _leaves(line: str) -> bool:
    return any(not address.startswith(("127.", "::1")) for address in ADDRESS.findall(line))


@contextmanager
def watched(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], Watch]]:
    """`python -m runner …words` in the project `folder`, with an empty home folder, under strace. The process is
    strace's; the command is its child."""
    watch = Watch(folder / "trace", folder / "home")
    watch.home.mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    strace = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        "trace=%network",
        "-e",
        "signal=none",
        "-o",
        str(watch.trace),
    ]
    with subprocess.Popen(
        [*strace, sys.executable, "-m", "runner", *words],
        cwd=folder,
        env={**kept, "HOME": str(watch.home), "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process, watch
