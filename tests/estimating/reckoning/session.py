"""How long the chip would take to read the model once."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def estimate(folder: str, options: dict[str, Any]) -> dict[str, Any]:
    """The latency, as far as memory bounds it."""
    megabytes = (Path(folder) / "model.onnx").stat().st_size / 1e6
    return {"source": "memory roofline 1.0", "metrics": {"latency/p50_ms": 1000 * megabytes / options["mb_per_s"]}}
