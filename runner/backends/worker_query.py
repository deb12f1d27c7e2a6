"""A question that only a vendor's library can answer, asked in a worker of its own."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.errors import StepFailed, StepTimeout, Unavailable

if TYPE_CHECKING:
    from runner.transport.endpoint import Endpoint

SECONDS = 60.0


def ask(module: str, function: str, **arguments: Any) -> Any:
    """What `module.function(**arguments)` answers here (JSON types); as `ask_at`."""
    from runner.transport.device import HERE

    return ask_at(HERE, module, function, **arguments)


@cache
def ask_at(endpoint: Endpoint, module: str, function: str, **arguments: Any) -> Any:
    """What a function answers at an endpoint; each question is asked once.

    Raises what the function raises, Unavailable where the library breaks or hangs.
    """
    from runner.transport.endpoint import WorkerOptions
    from runner.worker import orphan_reaper

    with (
        tempfile.TemporaryDirectory(dir=orphan_reaper.folder()) as folder,
        endpoint.open_worker(Path(folder) / "log", WorkerOptions(module, modules=(module,))) as worker,
    ):
        try:
            return worker.ask("call", timeout=SECONDS, module=module, function=function, arguments=arguments)
        except (StepFailed, StepTimeout) as error:  # their advice is to read the log, which goes with the folder
            raise Unavailable(error.reason, "See what works here: python -m runner doctor") from error
