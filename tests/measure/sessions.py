"""A real ONNX Runtime session that can be made slower by a known share, or made to cheat: for a worker to open."""

from __future__ import annotations

import time
from typing import Any

from runner.backends.onnxruntime import session as onnxruntime_session


def open_session(folder: str, options: dict[str, Any]) -> Any:
    """`options`: the ONNX Runtime backend's, and `spin`: the share of its own time that each run spins on top."""
    plain = {key: value for key, value in options.items() if key not in ("spin", "broken")}
    session = onnxruntime_session.open_session(folder, plain)
    return _Changed(session, options.get("spin", 0.0), options.get("broken", False))


class _Changed:
    def __init__(self, session: Any, spin: float, broken: bool) -> None:
        self._session, self._spin, self._broken = session, spin, broken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, bound: Any) -> Any:
        start = time.perf_counter_ns()
        outputs = self._session.run(bound)
        now = time.perf_counter_ns()
        end = now + self._spin * (now - start)
        while time.perf_counter_ns() < end:
            pass
        return [output * float("nan") for output in outputs] if self._broken else outputs
