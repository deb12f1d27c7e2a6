"""Children of the fuzzer side by side: one that dies or stands still is a fault, and another goes on behind it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 30.0  # longest time of one case
LONGER = {"commands": 150.0}  # that of a kind whose cases are whole runs
CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class Found:
    """What a case came to: `fault` is "" where that is right."""

    kind: str
    seed: int
    fault: str
    words: str


def tried(kind: str, seeds: range, tree: Path, jobs: int, stop_at: float) -> list[Found]:
    """What the cases of one kind came to in the source `tree`, `jobs` side by side, by seed. None is begun after
    `stop_at` (of the monotonic clock)."""
    with ThreadPoolExecutor(jobs) as pool:
        firsts = range(seeds.start, seeds.start + jobs)
        parts = pool.map(lambda first: list(_share(kind, first, seeds.stop, jobs, tree, stop_at)), firsts)
        return sorted((one for part in parts for one in part), key=lambda one: one.seed)


def _share(kind: str, first: int, stop: int, step: int, tree: Path, stop_at: float) -> Iterator[Found]:
    """The cases of one child after the other: each goes on where the one before it ended."""
    at = first
    while at < stop and time.monotonic() < stop_at:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            for found in _child(kind, at, stop, step, tree, Path(folder), stop_at):
                yield found
                at = found.seed + step


def _child(kind: str, first: int, stop: int, step: int, tree: Path, folder: Path, stop_at: float) -> Iterator[Found]:
    """What one child's cases came to; the last is the one that it died of, if it did."""
    command = [sys.executable, str(CHILD), kind, str(first), str(stop), str(step), str(folder)]
    env = {**os.environ, "PYTHONPATH": str(tree)}
    errors = folder / "stderr"
    with (
        errors.open("wb") as file,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=file, env=env, cwd=folder, start_new_session=True
        ) as process,
    ):
        begun = first
        seconds = LONGER.get(kind, SECONDS)
        for line in _lines(process, seconds):
            if line is None:
                yield Found(kind, begun, f"no end after {seconds:g} s", "")
                break
            begun = line["seed"]
            if "fault" in line:
                yield Found(kind, begun, line["fault"], " ".join(line["words"]))
                begun += step
            if time.monotonic() > stop_at:
                break
        else:
            if begun < stop:
                yield Found(kind, begun, _death(process, errors), "")
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and what it started


def _death(process: subprocess.Popen[bytes], errors: Path) -> str:
    """How a child ended in the middle of a case, and the last that it said."""
    code, said = process.wait(), errors.read_text(encoding="utf-8", errors="replace").strip()
    return f"the process died ({code})" + (f": {said.splitlines()[-1][:120]}" if said else "")


def _lines(process: subprocess.Popen[bytes], seconds: float) -> Iterator[dict[str, Any] | None]:
    """What the child prints; None where it printed nothing for too long."""
    assert process.stdout is not None
    rest, poll = b"", select.poll()
    poll.register(process.stdout, select.POLLIN)
    while True:
        if not poll.poll(1000 * seconds):
            yield None
            return
        data = os.read(process.stdout.fileno(), 1 << 16)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)
