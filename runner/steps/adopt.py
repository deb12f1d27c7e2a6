"""A file that another toolchain built, taken into the store as what a compile leaves there: nothing in it is changed.

Settings: `backend` (name), `settings` (the backend's, JSON types), `precision`, `places` (`[[path, name in the
artifact]]`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runner.backends.contract import AS_BUILT
from runner.core import registry
from runner.core.job import Job
from runner.steps.compile import opened_by, size
from runner.worker import session_loader


def run(job: Job) -> dict[str, Any]:
    """The files and `session.json`. Meta: as that of `compile`; what the backend can't read off the file is empty.

    Raises Unsupported, Unavailable or StepFailed.
    """
    from runner.backends import compile_checks, loading

    name = job.settings["backend"]
    placed(job.settings["places"], job.out)
    session = opened_by(job.out, registry.module("backend", name), precision=job.settings["precision"])
    packed = size(job.out)  # what a backend writes beside the file is none of it
    own = loading.optional_module(name, AS_BUILT)
    keys = compile_checks.COMPILED
    meta = compile_checks.returned(own[0], AS_BUILT, job, keys) if own else _opened(session, job)
    kept = compile_checks.fallback_warnings(name, meta["fallback"])
    return {**meta, "session": session, "size": packed, "warnings": [*meta.get("warnings", []), *kept]}


def placed(places: Iterable[tuple[str, str]], folder: Path) -> None:
    """Copies of the files, each under its name in `folder`."""
    for path, place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / place)


def _opened(session: str, job: Job) -> dict[str, Any]:
    """What can be said of a file whose backend says nothing of its own."""
    found = session_loader.load(session, str(job.out), dict(job.settings["settings"]))
    found.close()
    return {"version": found.version, "effective": {}, "fallback": {}}
