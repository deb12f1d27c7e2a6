"""Sessions as no worker opens them: two in one process, and one after the other. Called in a worker of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from runner.worker import session_loader

ROUNDS = 20


def two_at_once(session: str, folder: str, options: dict[str, Any], inputs: str) -> list[float]:
    """How far each of two sessions' answers, run in turn on other rows, lie from what it answered alone, at most."""
    rows = _rows(inputs)
    one, other = (session_loader.load(session, folder, dict(options)) for _ in range(2))
    feeds = [{name: values[place : place + 1] for name, values in rows.items()} for place in (0, 1)]
    alone = [_answer(ran, feed) for ran, feed in zip((one, other), feeds, strict=True)]
    bound = [ran.bind(feed) for ran, feed in zip((one, other), feeds, strict=True)]
    apart = [0.0, 0.0]
    for _ in range(3):
        for place, ran in enumerate((one, other)):
            apart[place] = max(apart[place], float(np.abs(np.asarray(ran.run(bound[place])[0]) - alone[place]).max()))
    one.close()
    again = float(np.abs(np.asarray(other.run(bound[1])[0]) - alone[1]).max())  # the other one has gone meanwhile
    other.close()
    return [apart[0], max(apart[1], again)]


def written_again(session: str, folder: str, options: dict[str, Any], inputs: str) -> float | None:
    """How far the answer to a row that was written over a bound one lies from the answer to that row; None of a session
    that doesn't say that it `rereads`."""
    ran, rows = session_loader.load(session, folder, dict(options)), _rows(inputs)
    if not getattr(ran, "rereads", False):
        return None
    first, second = ({name: values[place : place + 1].copy() for name, values in rows.items()} for place in (0, 1))
    expected, bound = _answer(ran, second), ran.bind(first)
    for name, array in first.items():
        array[...] = second[name]
    return float(np.abs(np.asarray(ran.run(bound)[0]) - expected).max())


def opened_again_and_again(session: str, folder: str, options: dict[str, Any], inputs: str) -> float:
    """Megabytes by which the process grew while a session was opened and closed ROUNDS times, after as many times."""
    feed = {name: values[:1] for name, values in _rows(inputs).items()}
    held = []
    for _ in range(2):
        for _ in range(ROUNDS):
            ran = session_loader.load(session, folder, dict(options))
            _answer(ran, feed)
            ran.close()
            del ran
        held.append(_resident_mb())
    return held[1] - held[0]


def _answer(ran: Any, feed: dict[str, Any]) -> Any:
    return np.array(ran.run(ran.bind(feed))[0])


def _rows(inputs: str) -> dict[str, Any]:
    with np.load(inputs) as file:
        return {name.removeprefix("in/"): file[name] for name in file.files if name.startswith("in/")}


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024 / 1e6
