"""A step for tests of the schedule: as short, as long or as deadly as its settings say."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from runner.core.job import Job


def run(job: Job) -> dict[str, Any]:
    """Settings: `seconds` to take; `log`: a file outside the store that takes a line; `kill`: the process to kill
    (`worker`: this one; `parent`: the one that started it), once unless `again`, with `mark` the file that says that
    it was; `meet`: a folder in which two steps wait for each other; `remove`: a folder to remove; `fail`: what to
    raise; `print`: what to say on standard error."""
    settings = job.settings
    if "log" in settings:
        with Path(settings["log"]).open("a") as log:
            log.write(f"{job.out.parent.name} {os.getpid()} {os.getppid()} {time.monotonic()}\n")
    print(settings.get("print", ""), file=sys.stderr)
    _kill(settings.get("kill"), Path(settings.get("mark", job.scratch / "killed")), settings.get("again", False))
    _meet(settings.get("meet"), job.out.parent.name)
    shutil.rmtree(settings.get("remove", job.scratch / "nothing"), ignore_errors=True)
    job.progress(1, 2, "half")
    time.sleep(settings.get("seconds", 0.0))
    if "fail" in settings:
        raise ValueError(settings["fail"])
    texts = [(folder / "text").read_text() for folder in job.inputs.values()]
    (job.out / "text").write_text("".join([*sorted(texts), job.out.parent.name]))
    compiled = {"session": "", "size": {"file_bytes": 1, "gzip_bytes": 1}, "effective": {}, "fallback": {}}
    return {"pid": os.getpid(), "warnings": settings.get("warnings", []), **compiled}


def _kill(whom: str | None, mark: Path, again: bool) -> None:
    if whom is None or (mark.exists() and not again):
        return
    mark.touch()
    os.kill(os.getpid() if whom == "worker" else os.getppid(), signal.SIGKILL)
    time.sleep(10)


def _meet(folder: str | None, name: str) -> None:
    """Returns once two steps are here at the same time; only side by side can they be."""
    if folder is None:
        return
    (Path(folder) / name).touch()
    deadline = time.monotonic() + 30
    while len(list(Path(folder).iterdir())) < 2:
        if time.monotonic() > deadline:
            raise TimeoutError("nobody came")
        time.sleep(0.02)
