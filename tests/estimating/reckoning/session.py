"""How long the chip would take to read the model once."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def estimate(folder: str, options: dict[str, Any]) -> dict[str, Any]:
    """The latency, as far as memory bounds it."""
    ms = 1000 * (Path(folder) / "model.onnx").stat().st_size / 1e6 / options["mb_per_s"]
    answer: dict[str, Any] = {"source": "memory roofline 1.0", "metrics": {"latency/p50_ms": ms}}
    return {**answer, **_partly(options["leaves_out"], ms)} if options["leaves_out"] else answer


def _partly(what: str, ms: float) -> dict[str, Any]:
    """An estimate that leaves something out, by layer: one has a time, and the one that is left out has none."""
    kinds = {"read": ("NPU", 1e6 * ms), what: ("CPU", None)}
    layers = [{"name": kind, "type": "Gemm", "place": who, "ns": ns, "calls": 1} for kind, (who, ns) in kinds.items()]
    return {"incomplete": f"{what} is in no figure", "layers": layers}
