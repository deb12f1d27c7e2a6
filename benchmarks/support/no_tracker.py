"""Tracking that does nothing, for benchmarks of all the rest."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any


class NoTracker:
    """Has what `runner.execution.run_plan` asks of a `Tracker`."""

    still = nullcontext

    def open_store(self) -> None: ...

    def publish(self, record: Any) -> dict[str, str]:
        return {"run_id": "", "model": ""}
