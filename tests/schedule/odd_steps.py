"""A step for tests of the schedule: as short, as long or as deadly as its settings say."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from runner.steps import Job


def run(job: Job) -> dict[str, Any]:
    """Settings: `seconds` to take; `log`: a file outside the store that takes a line; `kill`: a process to kill once
    (`worker`: this one; `parent`: the one that started it); `fail`: what to raise."""
    settings = job.settings
    if "log" in settings:
        with Path(settings["log"]).open("a") as log:
            log.write(f"{job.out.parent.name} {os.getpid()} {os.getppid()} {time.monotonic()}\n")
    _kill_once(settings.get("kill"), job.scratch / "killed")
    job.progress(1, 2, "half")
    time.sleep(settings.get("seconds", 0.0))
    if "fail" in settings:
        raise ValueError(settings["fail"])
    texts = [(folder / "text").read_text() for folder in job.inputs.values()]
    (job.out / "text").write_text("".join([*sorted(texts), job.out.parent.name]))
    return {"pid": os.getpid(), "warnings": settings.get("warnings", [])}


def _kill_once(whom: str | None, mark: Path) -> None:
    if whom is None or mark.exists():
        return
    mark.touch()
    os.kill(os.getpid() if whom == "worker" else os.getppid(), signal.SIGKILL)
    time.sleep(10)
