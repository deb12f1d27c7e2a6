"""A session around a real one that takes a known share longer: for workers to open."""

from __future__ import annotations

import importlib
import time
from typing import Any


def open_session(folder: str, options: dict[str, Any]) -> Any:
    """`options`: `session` (module), its own `options`, and `spin`, the share of each run's time that is added."""
    inner = importlib.import_module(options["session"]).open_session(folder, options["options"])
    return _Spinning(inner, options["spin"])


class _Spinning:
    def __init__(self, session: Any, share: float) -> None:
        self._session, self._share = session, share

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, bound: Any) -> Any:
        start = time.perf_counter_ns()
        outputs = self._session.run(bound)
        now = time.perf_counter_ns()
        end = now + self._share * (now - start)
        while time.perf_counter_ns() < end:
            pass
        return outputs
