"""Of which metrics more is better."""

from __future__ import annotations


def higher_is_better(metric: str) -> bool:
    """Whether more of a metric is better: throughput, speed-up, SQNR, accuracy and its like; of the rest, less is."""
    if metric.startswith(("throughput/", "vs_baseline/speedup")) or metric == "fidelity/sqnr_db":
        return True
    errors = ("mae", "rmse", "mse", "mape", "error", "loss", "naive_")
    return metric.startswith("quality/") and not metric.removeprefix("quality/").startswith(errors)
