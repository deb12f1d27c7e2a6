"""Of which metrics more is better."""

from __future__ import annotations

ERRORS = ("mae", "rmse", "mse", "mape", "max_abs_error", "error", "loss", "naive_")
SCORES = ("accuracy", "f1", "auc", "precision", "recall", "r2", "iou", "map", "score")


def higher_is_better(metric: str) -> bool:
    """Whether more of a metric is better: throughput, speed-up, share of the roofline, SQNR, accuracy and its like; of
    the rest, less is."""
    if metric.startswith(("throughput/", "vs_baseline/speedup", "efficiency/")) or metric == "fidelity/sqnr_db":
        return True
    return metric.startswith("quality/") and not metric.removeprefix("quality/").startswith(ERRORS)


def known(quality: str) -> bool | None:
    """Whether more of a quality (`mae_ppm`, `accuracy`) is better, as far as its name tells; None of a user's function
    of another name."""
    if quality.startswith(ERRORS):
        return False
    return True if quality.startswith(SCORES) else None
