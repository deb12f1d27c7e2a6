"""What a worker is asked to do in the tests."""

from __future__ import annotations

import time


def spin(seconds: float) -> tuple[int, int]:
    """Busy for so long; when on the monotonic clock, in ns."""
    start = time.monotonic_ns()
    end = start + int(seconds * 1e9)
    while (now := time.monotonic_ns()) < end:
        pass
    return start, now
