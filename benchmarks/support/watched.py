"""`python watched.py OUT ARGUMENTS…`: one `python -m runner ARGUMENTS…`, with the times of every question to a worker.

Writes JSON to OUT: `[[worker, what was asked, start, end], …]` in seconds of the monotonic clock, which all processes
of a machine share. Nothing else of the run is touched.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from runner.__main__ import command
from runner.transport.local import Worker

ASKED: list[tuple[str, str, float, float]] = []
_ask = Worker.ask


def ask(self: Worker, do: str, **request: Any) -> Any:
    start = time.monotonic()
    try:
        return _ask(self, do, **request)
    finally:
        ASKED.append((self.name, do, start, time.monotonic()))


if __name__ == "__main__":
    Worker.ask = ask  # type: ignore[method-assign]
    out = Path(sys.argv.pop(1))
    code = command()
    out.write_text(json.dumps(ASKED))
    sys.exit(code)
