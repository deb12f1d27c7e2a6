"""What the compiled artifact computed on the test split, scored here: the worker predicts, the host judges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.data import scoring
from runner.errors import StepFailed

Outputs = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Judgement:
    """`quality` by the task's metrics, `fidelity` against the float model, and `why_not` by full metric name. `note`
    qualifies the quality."""

    quality: Mapping[str, float]
    fidelity: Mapping[str, float]
    why_not: Mapping[str, str]
    note: str = ""


def judge(predicted: Path, data: Path, reference: Path | None) -> Judgement:
    """Scores `predicted` (`out/<output>` arrays, samples first) on the data artifact's test split, and compares them
    with `reference` (the float model's outputs in the same form). Raises StepFailed where the shapes disagree."""
    outputs = read_outputs(predicted)
    quality, note = scoring.score(data, outputs), scoring.note(data)
    if reference is None:
        why = dict.fromkeys(("fidelity/max_abs_error", "fidelity/sqnr_db"), "no outputs of the float model are known")
        return Judgement(quality, {}, why, note)
    found, why = fidelity(outputs, read_outputs(reference))
    return Judgement(quality, found, why, note)


def read_outputs(path: Path) -> dict[str, npt.NDArray[Any]]:
    """`{output: array}` of a file of `out/<output>` arrays."""
    with np.load(path, allow_pickle=False) as file:
        return {name.removeprefix("out/"): file[name] for name in file.files if name.startswith("out/")}


def fidelity(outputs: Outputs, reference: Outputs) -> tuple[dict[str, float], dict[str, str]]:
    """(`max_abs_error` and `sqnr_db` = 10 log10(Σ reference² / Σ error²) over all outputs, what is missing and why).

    Outputs pair up by name; where a runtime renamed them, by their order.
    """
    pairs = _paired(outputs, reference)
    errors = [scoring.difference(ours, theirs) for ours, theirs in pairs]
    noise = sum(float((np.abs(error) ** 2).sum()) for error in errors)
    signal = sum(float((np.abs(_finite(theirs)) ** 2).sum()) for _, theirs in pairs)
    found = {"max_abs_error": max((float(np.abs(error).max()) for error in errors if error.size), default=0.0)}
    if noise == 0:
        return found, {"fidelity/sqnr_db": "infinite: the outputs equal the float model's"}
    if signal == 0:
        return found, {"fidelity/sqnr_db": "the float model's outputs are all 0"}
    return {**found, "sqnr_db": 10 * math.log10(signal / noise) if math.isfinite(noise) else math.nan}, {}


def _finite(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Without what has no size: infinities, NaN, text."""
    if array.dtype.kind in "OUS":
        return np.ones(array.shape)
    wide = scoring.wide(array)
    return np.where(np.isfinite(wide), wide, 0.0)


def _paired(outputs: Outputs, reference: Outputs) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    names = list(reference) if set(reference) == set(outputs) else list(outputs)
    if len(outputs) != len(reference):
        raise StepFailed(
            f"The compiled model has {len(outputs)} outputs, the float model {len(reference)}.",
            "The backend dropped or split outputs: see its compile log.",
        )
    pairs = [(outputs[name], theirs) for name, theirs in zip(names, reference.values(), strict=True)]
    for name, (ours, theirs) in zip(names, pairs, strict=True):
        if ours.shape != theirs.shape:
            raise StepFailed(
                f"Output {name} has shape {ours.shape}, the float model's {theirs.shape}.",
                "The backend changed the model's outputs: see its compile log.",
            )
    return pairs
