"""Sessions as no worker opens them: two in one process, one after the other, and given what they don't take. Called in
a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from runner.worker import session_loader, values
from runner.worker.session_loader import said_by

ROUNDS = 20
TASKS = Path("/proc/self/task")  # a folder for each thread of this process


def two_at_once(session: str, folder: str, options: dict[str, Any], inputs: str) -> list[float]:
    """How far each of two sessions' answers, run in turn on other rows, lie from what it answered alone, at most."""
    rows = _rows(inputs)
    one, other = (session_loader.load(session, folder, dict(options)) for _ in range(2))
    feeds = [{name: array[place : place + 1] for name, array in rows.items()} for place in (0, 1)]
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
    feed = _first(inputs)
    held = []
    for _ in range(2):
        for _ in range(ROUNDS):
            with _opened(session, folder, options) as ran:
                _answer(ran, feed)
            del ran
        held.append(_resident_mb())
    return held[1] - held[0]


def threads_at_work(session: str, folder: str, options: dict[str, Any], inputs: str, batch: int) -> int:
    """How many threads the process has once a session of these `options` has run."""
    feed = {name: np.resize(array, (batch, *array.shape[1:])) for name, array in _rows(inputs).items()}
    with _opened(session, folder, options) as ran:
        for _ in range(3):  # some runtimes make themselves ready in the first runs
            _answer(ran, feed)
        return len(list(TASKS.iterdir()))


def given_others(session: str, folder: str, options: dict[str, Any], inputs: str) -> dict[str, Any]:
    """What a session makes of inputs that it isn't built for: of one more value in a row, and of float64. Of each its
    words, or how far its answer lies from the right one; and how far it lies from that afterwards (`again`)."""
    feed = _first(inputs)
    wider = {name: np.concatenate([array, array[..., :1]], axis=-1) for name, array in feed.items()}
    double = {name: array.astype(np.float64) for name, array in feed.items()}
    with _opened(session, folder, options) as ran:
        right = _answer(ran, feed)
        found = {what: _said(ran, given, right) for what, given in (("sizes", wider), ("type", double))}
        return {**found, "again": _said(ran, feed, right)}


def _said(ran: Any, feed: Mapping[str, Any], right: Any) -> str | float:
    try:
        found = _answer(ran, feed)
    except Exception as error:  # runtimes' exceptions share no base class
        return said_by(error) or type(error).__name__
    return float(np.abs(found - right).max()) if found.shape == right.shape else float("inf")


@contextmanager
def _opened(session: str, folder: str, options: Mapping[str, Any]) -> Iterator[Any]:
    ran = session_loader.load(session, folder, dict(options))
    try:
        yield ran
    finally:
        ran.close()


def _answer(ran: Any, feed: Mapping[str, Any]) -> Any:
    found = ran.run(ran.bind(dict(feed)))
    return np.array(values.array(found[0], ran.outputs[0]["dtype"]))


def _first(inputs: str) -> dict[str, Any]:
    return {name: array[:1] for name, array in _rows(inputs).items()}


def _rows(inputs: str) -> dict[str, Any]:
    with np.load(inputs) as file:
        return {name.removeprefix("in/"): file[name] for name in file.files if name.startswith("in/")}


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024 / 1e6
