"""What the commands that run now use of the store: `gc` leaves it alone.

A lease is a file below `artifacts/.running/` that names keys, and a lock that its command holds. The kernel gives the
lock back when the command ends, in whatever way (flock(2)): what is left of a killed one holds nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

FOLDER = Path("artifacts") / ".running"


@contextmanager
def lease(root: Path, keys: Iterable[str]) -> Iterator[None]:
    """Inside, `gc` keeps what belongs to `keys` (of steps and of specs). Waits for a `gc` that is at work."""
    from filelock import FileLock

    file = root / FOLDER / f"{os.getpid()}-{uuid4().hex[:8]}.json"
    held = FileLock(file.with_suffix(".lock"))
    with exclusive(root):
        file.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
        said = {"pid": os.getpid(), "command": " ".join(sys.argv[1:]), "keys": sorted(keys)}
        file.write_text(json.dumps(said), encoding="utf-8")
    try:
        yield
    finally:
        with exclusive(root):
            file.unlink(missing_ok=True)
            held.release()
            file.with_suffix(".lock").unlink(missing_ok=True)


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """No lease begins or ends inside."""
    from filelock import FileLock

    folder = root / "artifacts" / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "leases.lock"):
        yield


def in_use(root: Path) -> dict[str, str]:
    """`{key: who}` of every lease whose command still runs. To be called inside `exclusive`."""
    return {
        key: f"pid {said['pid']} uses it: {said['command']}"
        for file in _files(root)
        if _is_held(file)
        for said in [json.loads(file.read_text(encoding="utf-8"))]
        for key in said["keys"]
    }


def abandoned(root: Path) -> list[Path]:
    """The files of leases whose command has ended without a word. To be called inside `exclusive`."""
    ended = [file for file in _files(root) if not _is_held(file)]
    return [path for file in ended for path in (file, file.with_suffix(".lock")) if path.exists()]


def _files(root: Path) -> list[Path]:
    return sorted({path.with_suffix(".json") for path in (root / FOLDER).glob("*.*")})


def _is_held(file: Path) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(file.with_suffix(".lock"), timeout=0):
            return False
    except Timeout:
        return True
