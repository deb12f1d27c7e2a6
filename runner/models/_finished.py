"""Settings of every model that is a finished file: what goes in, and what its outputs are compared with."""

from __future__ import annotations

from typing import Any

from runner.core.setting_rules import setting
from runner.data import own_metric


def inputs() -> Any:
    return setting("An .npz file with arrays named as the inputs, and outputs' expected values or `labels`")


def metric() -> Any:
    return setting(
        "How outputs are compared with those of model.inputs; a function of your own: FILE.py:FUNCTION",
        choices=own_metric.OURS,
        also=own_metric.allowed(),
    )


def output() -> Any:
    return setting("The output that `labels` are for, where the model has several")


def nonfinite() -> Any:
    return setting("NaN and infinity among the inputs", choices=("error", "allow"))


def batches(settings: Any) -> bool:
    """Whether the file takes several samples at once: the user gave every first axis as `batch`."""
    return bool(settings.shapes) and all(list(dims)[:1] == ["batch"] for dims in settings.shapes.values())
