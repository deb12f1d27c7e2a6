"""A real ONNX Runtime session that can be made slower by a known share, or made to cheat: for a worker to open."""

from __future__ import annotations

import time
from typing import Any

from runner.backends.onnxruntime import session as onnxruntime_session


def open_session(folder: str, options: dict[str, Any]) -> Any:
    """`options`: the ONNX Runtime backend's, and `spin`: the share of its own time that each run spins on top;
    `broken`: outputs are nan; `remembers`: an input that was run before costs nothing; `constant`: every run but the
    first gives the first one's outputs; `settles`: the first run of each bound input alone spins; `warnings`: what the
    session says of itself."""
    changes = {name: options.get(name) for name in ("spin", "broken", "remembers", "constant", "settles", "warnings")}
    plain = {key: value for key, value in options.items() if key not in changes}
    return _Changed(onnxruntime_session.open_session(folder, plain), changes)


class _Changed:
    def __init__(self, session: Any, changes: dict[str, Any]) -> None:
        self._session, self._changes = session, changes
        self.warnings = changes["warnings"] or session.warnings
        self._known: dict[bytes, Any] = {}
        self._last: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, bound: Any) -> Any:
        if self._changes["constant"] and self._known:
            return self._known[b""]
        key = b"".join(array.tobytes() for array in bound.inputs.values()) if self._changes["remembers"] else b""
        if self._changes["remembers"] and key in self._known:
            return self._known[key]
        outputs = [output.copy() for output in self._spun(bound)]
        self._known[key] = outputs
        return [output * float("nan") for output in outputs] if self._changes["broken"] else outputs

    def _spun(self, bound: Any) -> Any:
        start = time.perf_counter_ns()
        outputs = self._session.run(bound)
        now = time.perf_counter_ns()
        spins = not self._changes["settles"] or bound is not self._last
        self._last = bound
        end = now + (self._changes["spin"] or 0.0) * (now - start) * spins
        while time.perf_counter_ns() < end:
            pass
        return outputs
