"""What the runner's own process uses while a worker measures: its CPU time over the time of the timed work.

`python -m benchmarks.statistics.parent` takes some 15 s.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.statistics.targets import code, told
from benchmarks.statistics.workloads import WORKLOADS, prepared
from runner.measure.pairs import run_pair

SECONDS = 5.0


def main() -> int:
    results = []
    for name, (spec, side) in prepared(tuple(WORKLOADS)[::2]).items():
        used: list[float] = []

        @contextmanager
        def quiet(used: list[float] = used) -> Iterator[None]:
            cpu, wall = time.process_time(), time.monotonic()
            yield
            used.append((time.process_time() - cpu) / (time.monotonic() - wall))

        settings = dataclasses.replace(spec.measure.settings, min_seconds=SECONDS, max_seconds=SECONDS)
        with tempfile.TemporaryDirectory() as folder:
            run_pair({"candidate": side}, settings, 0, 0, Path(folder), 300, quiet=quiet)
        results.append(told(f"parent's CPU while {name} is timed", used[0] < 0.01, f"{used[0]:.2%}", "< 1 %"))
    return code(results)


if __name__ == "__main__":
    sys.exit(main())
