"""What one sample costs where an inference takes a batch: the figure that is comparable across batch sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.results.naming import USUAL

P50 = "latency/p50_ms"
TIME = "latency/p50_ms_per_sample"
ENDS = ("", "_low", "_high")


def batch(spec: Mapping[str, Any]) -> int:
    """How many samples one inference takes; 1 where a spec doesn't say."""
    return int(spec.get("scenario", {}).get("batch", 1))


def with_time(metrics: Mapping[str, float], spec: Mapping[str, Any]) -> dict[str, float]:
    """`metrics` and, of a scenario in batches, the median time of an inference over its samples (ms), with the ends of
    its interval. Of one sample at a time `latency/p50_ms` is that already."""
    scenario = spec.get("scenario", {})
    if "batch" not in scenario or scenario["name"] == USUAL["scenario"]:
        return dict(metrics)
    known = {f"{TIME}{end}": metrics[f"{P50}{end}"] / batch(spec) for end in ENDS if f"{P50}{end}" in metrics}
    return {**metrics, **known}
