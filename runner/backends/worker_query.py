"""A question that only a vendor's library can answer, asked in a worker of its own."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from runner.core.errors import StepFailed, StepTimeout, Unavailable

SECONDS = 60.0


@cache
def ask(module: str, function: str, **arguments: Any) -> Any:
    """What `module.function(**arguments)` answers (JSON types); each question is asked once.

    Raises what the function raises, Unavailable where the library breaks or hangs.
    """
    from runner.transport.local import open_worker
    from runner.worker import orphan_reaper

    with (
        tempfile.TemporaryDirectory(dir=orphan_reaper.folder()) as folder,
        open_worker(Path(folder) / "log", name=module) as worker,
    ):
        try:
            return worker.ask("call", timeout=SECONDS, module=module, function=function, arguments=arguments)
        except (StepFailed, StepTimeout) as error:  # their advice is to read the log, which goes with the folder
            raise Unavailable(error.reason, "See what works here: python -m runner doctor") from error
