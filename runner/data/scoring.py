"""How good outputs are on the test split. Numpy only: the host scores what a device predicted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.core.errors import StepFailed
from runner.data import arrays, units
from runner.tensors import labels
from runner.worker.values import differences

Outputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class PerSample:
    """What each sample adds to the first figure of `score`: `values` (samples,), whose mean the figure is (`mean`,
    `hits` where each is right or wrong), or the root of whose mean (`root`). `overlap`: so many neighbours share what
    they are scored on. Of a figure that is no mean over its `rows` (`whole`) the only value is the figure itself, and
    `why_whole` says why."""

    metric: str
    kind: str
    values: NDArray[np.float64]
    overlap: int = 1
    rows: int = 0
    why_whole: str = ""

    @property
    def samples(self) -> int:
        """How many were scored."""
        return self.rows or len(self.values)


def score(data_folder: Path, outputs: Outputs) -> dict[str, float]:
    """`{metric: value}` of outputs (samples first) on a data artifact's whole test split; empty without a metric.

    Forecasts: `mae_<unit>`, `rmse_<unit>` and `naive_mae_<unit>` of the seasonal-naive forecast.
    Classes: `accuracy`. A user's tensors: the metric that was named. Raises StepFailed on a wrong number of samples.
    """
    meta, test = arrays.read_meta(data_folder), arrays.read_truth(data_folder, "test")
    if meta["task"] == "forecast":
        return _forecast(_only(outputs, len(test["target"])), meta, test)
    if meta["task"] == "classify":
        return {"accuracy": _accuracy(_only(outputs, len(test["target"])), test["target"])}
    return _tensors(outputs, meta, test)


def _only(outputs: Outputs, samples: int) -> NDArray[Any]:
    if len(outputs) != 1:
        raise StepFailed(
            f"The model has {len(outputs)} outputs ({', '.join(outputs)}); this metric scores one.",
            "Leave model.metric=none, or cut the model down to the output that is scored.",
        )
    return _whole(next(iter(outputs.values())), samples)


def _whole(y: NDArray[Any], samples: int) -> NDArray[Any]:
    if y.dtype.kind == "O":
        raise StepFailed(
            "An output's size differs from sample to sample, so it can't be scored.",
            "Choose another output (model.output=…), or model.metric=none.",
        )
    if len(y) != samples:
        raise StepFailed(f"{len(y)} outputs for {samples} test samples.", "Predict the whole test split.")
    return y


def _forecast(y: NDArray[Any], meta: Mapping[str, Any], test: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    truth = units.to_units(test["target"], meta, test)
    error = units.to_units(y, meta, test) - truth
    naive = np.asarray(test["naive"], np.float64) - truth
    unit = re.sub(r"\W+", "_", meta["unit"]).strip("_")
    suffix = f"_{unit}" if unit else ""
    return {
        f"mae{suffix}": float(np.abs(error).mean()),
        f"rmse{suffix}": float(np.sqrt((error**2).mean())),
        f"naive_mae{suffix}": float(np.abs(naive).mean()),
    }


def _accuracy(y: NDArray[Any], labels: NDArray[Any]) -> float:
    """Of class scores: all axes but the samples' are one. Labels (samples,)."""
    return float((np.argmax(y.reshape(len(y), -1), axis=1) == labels.reshape(-1)).mean())


def note(data_folder: Path) -> str:
    """What qualifies the score of a user's model: how labels were read, where it isn't the plain way, and of how many
    of the rows it is."""
    meta = arrays.read_meta(data_folder)
    about = meta.get("calibration", {})
    parted = about.get("from") == "model.inputs"
    rows = f"{meta['rows']['test']} rows, {about['rows']} others are for calibration" if parted else ""
    return "; ".join(text for text in (meta.get("labels", {}).get("said", ""), rows) if text)


def _tensors(outputs: Outputs, meta: Mapping[str, Any], test: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """The named metric over all expected values together."""
    metric = meta["metric"]
    if metric == "none":
        return {}
    named = by_name(outputs, meta.get("outputs", [*outputs]))
    if metric == "accuracy":
        reading = meta.get("labels", {**labels.PLAIN.as_dict(), "output": next(iter(named))})
        y = _whole(named[reading["output"]], len(test["target"]))
        return {"accuracy": float(labels.answers(y, test["target"], reading).mean())}
    expected = {name.removeprefix("expected/"): array for name, array in test.items() if name.startswith("expected/")}
    errors = [_errors(named[name], values) for name, values in expected.items()]
    return {metric: MEASURES[metric](np.concatenate(errors))}


def per_sample(data_folder: Path, outputs: Outputs) -> PerSample | None:
    """The first figure of `score`, sample by sample; None without a metric."""
    meta, test = arrays.read_meta(data_folder), arrays.read_truth(data_folder, "test")
    if meta["task"] == "forecast":
        y = _only(outputs, len(test["target"]))
        error = np.abs(units.to_units(y, meta, test) - units.to_units(test["target"], meta, test))
        name = next(iter(_forecast(y, meta, test)))
        return PerSample(name, "mean", _means(error), int(np.prod(error.shape[1:2])))
    if meta["task"] == "classify" or meta["metric"] == "accuracy":
        right = _means(_right(outputs, meta, test))
        return PerSample("accuracy", "hits" if set(np.unique(right)) <= {0.0, 1.0} else "mean", right)
    return _of_tensors(outputs, meta, test)


def _of_tensors(outputs: Outputs, meta: Mapping[str, Any], test: Mapping[str, NDArray[Any]]) -> PerSample | None:
    metric = meta["metric"]
    if metric not in MEASURES:
        return None
    named = by_name(outputs, meta.get("outputs", [*outputs]))
    expected = {name.removeprefix("expected/"): array for name, array in test.items() if name.startswith("expected/")}
    flat = [_errors(named[name], values).reshape(len(values), -1) for name, values in expected.items()]
    errors = np.concatenate(flat, axis=1)
    if metric == "max_abs_error":
        return PerSample(metric, "whole", errors.max(keepdims=True).ravel(), 1, len(errors), "a maximum is no mean")
    return PerSample(metric, "mean" if metric == "mae" else "root", _means(errors if metric == "mae" else errors**2))


def _right(outputs: Outputs, meta: Mapping[str, Any], test: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Which answers are right, (samples, …)."""
    if meta["task"] == "classify":
        y = _only(outputs, len(test["target"]))
        found: NDArray[Any] = np.argmax(y.reshape(len(y), -1), axis=1) == test["target"].reshape(-1)
        return found
    named = by_name(outputs, meta.get("outputs", [*outputs]))
    reading = meta.get("labels", {**labels.PLAIN.as_dict(), "output": next(iter(named))})
    return labels.answers(_whole(named[reading["output"]], len(test["target"])), test["target"], reading)


def _means(values: NDArray[Any]) -> NDArray[np.float64]:
    """Of each sample, over all its other axes."""
    found: NDArray[np.float64] = np.asarray(values, np.float64).reshape(len(values), -1).mean(axis=1)
    return found


def same_samples(one: Path, other: Path) -> bool:
    """Whether two data artifacts score outputs on the same test samples."""
    if one == other:
        return True
    mine, theirs = (arrays.read_truth(folder, "test") for folder in (one, other))
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


def without_a_model(data_folder: Path) -> float | None:
    """The accuracy of always answering what is most frequent; None where accuracy is not the metric."""
    meta, test = arrays.read_meta(data_folder), arrays.read_truth(data_folder, "test")
    if (meta["task"] != "classify" and meta["metric"] != "accuracy") or "target" not in test:
        return None
    columns = test["target"].reshape(len(test["target"]), -1).T
    return float(np.mean([np.unique(column, return_counts=True)[1].max() / len(column) for column in columns]))


def by_name(outputs: Outputs, names: list[str]) -> Outputs:
    """By the file's names; where a runtime renamed its outputs, by their order."""
    return outputs if set(names) <= set(outputs) else dict(zip(names, outputs.values(), strict=True))


def _errors(y: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.float64]:
    """Absolute, flat. A fixed batch of one may be written out on one side and not on the other."""
    ours, theirs = _whole(y, len(expected)).reshape(-1), expected.reshape(-1)
    if ours.shape != theirs.shape:
        raise StepFailed(
            f"{ours.size} values of an output where {theirs.size} are expected.",
            "Its size depends on the data: leave it out of model.inputs, or choose another metric.",
        )
    errors: NDArray[np.float64] = differences(ours, theirs)
    return errors


MEASURES: dict[str, Callable[[NDArray[np.float64]], float]] = {
    "mae": lambda errors: float(errors.mean()),
    "rmse": lambda errors: float(np.sqrt((errors**2).mean())),
    "max_abs_error": lambda errors: float(errors.max()),
}
