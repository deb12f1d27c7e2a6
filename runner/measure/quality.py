"""What the compiled artifact computed on the test split, scored here: the worker predicts, the host judges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.core.errors import StepFailed
from runner.data import own_metric, scoring
from runner.data.own_metric import OwnMetric
from runner.data.scoring import PerSample
from runner.measure import output_errors
from runner.transport.device import HERE
from runner.transport.endpoint import WorkerOptions
from runner.worker import predictions, values

METRIC_SECONDS = 300.0
Outputs = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Judgement:
    """`quality` by the task's metrics, `fidelity` against the float model, and `why_not` by full metric name. `note`
    qualifies the quality; `outputs`: each one's own error (`output_errors.output_error`); `scores`: the first quality,
    sample by sample."""

    quality: Mapping[str, float]
    fidelity: Mapping[str, float]
    why_not: Mapping[str, str]
    note: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    scores: PerSample | None = None


def judge(predicted: Path, data: Path, reference: Path | None, metric: OwnMetric | None = None) -> Judgement:
    """Scores `predicted` (`out/<output>` arrays, samples first) on the data artifact's test split, and compares them
    with `reference` (the float model's outputs in the same form). `metric` is the user's
    function that scores them, in the place of the data's own. Raises StepFailed where the shapes disagree."""
    outputs, each = read_outputs(predicted), scores(predicted, data, metric, predicted)
    quality = {each.metric: float(each.values.mean())} if metric and each else scoring.score(data, outputs)
    note = scoring.note(data)
    if reference is None:
        why = dict.fromkeys(("fidelity/max_abs_error", "fidelity/sqnr_db"), "no outputs of the float model are known")
        return Judgement(quality, {}, why, note, scores=each)
    known = read_outputs(reference)
    found, why = fidelity(outputs, known)
    errors = {one[0]: output_errors.output_error(*one) for one in paired(outputs, known)}
    return Judgement(quality, found, why, note, errors, each)


def scores(answers: Path, data: Path, metric: OwnMetric | None, beside: Path) -> PerSample | None:
    """The first quality of the outputs in the file `answers`, sample by sample; None without a metric. A user's
    `metric` leaves its log and numbers beside the file `beside`."""
    if metric is None:
        return scoring.per_sample(data, read_outputs(answers))
    values = beside.with_suffix(".scores.npy")
    name, found = metric.metric.rpartition(":")[2], _asked(metric, answers, data, values)
    if found["each"]:
        return PerSample(name, "mean", np.load(values, allow_pickle=False))
    why = f"{name} answers one number, not one a sample"
    return PerSample(name, "whole", np.array([found["figure"]]), 1, found["rows"], why)


def _asked(metric: OwnMetric, answers: Path, data: Path, values: Path) -> dict[str, Any]:
    """What the user's function says, in a process of its own: no code of others runs in the runner's."""
    options = WorkerOptions("metric", modules=(own_metric.__name__,))
    about = {**asdict(metric), "data": str(data), "predicted": str(answers), "values": str(values)}
    with HERE.open_worker(values.with_suffix(".log"), options) as worker:
        found: dict[str, Any] = worker.ask(
            "call", timeout=METRIC_SECONDS, module=own_metric.__name__, function="scored", arguments=about
        )
    return found


def read_outputs(path: Path) -> dict[str, npt.NDArray[Any]]:
    """`{output: array}`, samples first; where shapes differ from sample to sample an array of objects."""
    return predictions.read(str(path))


def fidelity(outputs: Outputs, reference: Outputs) -> tuple[dict[str, float], dict[str, str]]:
    """(`max_abs_error` and `sqnr_db` = 10 log10(Σ reference² / Σ error²) over all outputs, what is missing and why).

    Outputs pair up by name; where a runtime renamed them, by their order. One whose size depends on the data, and is
    another than the float model's for some sample, can't be compared.
    """
    pairs = [(np.asarray(ours), np.asarray(theirs)) for _, ours, theirs in paired(outputs, reference)]
    why = dict.fromkeys(("fidelity/max_abs_error", "fidelity/sqnr_db"), "sizes of outputs are not the float model's")
    if not pairs:
        return {}, why
    errors = [values.differences(ours, theirs) for ours, theirs in pairs]
    noise = sum(float((error**2).sum()) for error in errors)
    signal = sum(float((values.sizes(theirs) ** 2).sum()) for _, theirs in pairs)
    worst = max(float(error.max(initial=0)) for error in errors)
    found = {"max_abs_error": worst if math.isfinite(worst) else math.nan}
    if noise == 0:
        return found, {"fidelity/sqnr_db": "infinite: the outputs equal the float model's"}
    if signal == 0:
        return found, {"fidelity/sqnr_db": "the float model's outputs are all 0"}
    return {**found, "sqnr_db": 10 * math.log10(signal / noise) if math.isfinite(noise) else math.nan}, {}


def paired(outputs: Outputs, reference: Outputs) -> list[tuple[str, npt.NDArray[Any], npt.NDArray[Any]]]:
    """(name, ours, theirs) of what can be compared. Raises StepFailed where a fixed shape is another."""
    known = dict(reference)
    if not set(known) <= set(outputs) and len(outputs) == len(known):
        known = dict(zip(outputs, known.values(), strict=True))
    lacking = [name for name in known if name not in outputs]
    if lacking:
        raise StepFailed(
            f"The compiled model lacks the float model's output {lacking[0]}; it has {', '.join(outputs)}.",
            "The backend dropped or split outputs: see its compile log.",
        )
    pairs = [_flat(name, outputs[name], theirs) for name, theirs in known.items()]
    return [pair for pair in pairs if pair is not None]


Compared = tuple[str, npt.NDArray[Any], npt.NDArray[Any]]


def _flat(name: str, ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> Compared | None:
    """Sizes that depend on the data: all values in a row, None where some sample has not as many."""
    if "O" in (ours.dtype.kind, theirs.dtype.kind):
        if [np.size(row) for row in ours] != [np.size(row) for row in theirs]:
            return None
        return name, _row(ours), _row(theirs)
    if ours.shape != theirs.shape:
        raise StepFailed(
            f"Output {name} has shape {ours.shape}, the float model's {theirs.shape}.",
            "The backend changed the model's outputs: see its compile log.",
        )
    return name, ours, theirs


def _row(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([np.ravel(one) for one in samples])
