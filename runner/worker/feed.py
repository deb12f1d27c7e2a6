"""Real inputs for a session: rows of a data artifact, drawn by seed and shaped as the model wants them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from runner.errors import StepFailed, Unsupported


def read(npz: str, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """`in/<input>` of a data file for each of a session's `inputs`; first axis = samples, dtype as the session's.

    Raises StepFailed naming the input that the file lacks.
    """
    with np.load(npz, allow_pickle=False) as file:
        return {spec["name"]: _one(file, npz, spec) for spec in inputs}


def _one(file: Any, npz: str, spec: dict[str, Any]) -> Any:
    key = "in/" + spec["name"]
    if key not in file.files:
        held = ", ".join(file.files)
        raise StepFailed(f"{npz} has no array {key}, which the model takes as input.", f"It has: {held}.")
    return np.ascontiguousarray(file[key], dtype=spec["dtype"])


def has_batch_axis(arrays: dict[str, Any], inputs: list[dict[str, Any]]) -> bool:
    """True where a model's inputs have as many axes as the arrays of samples; False where one fewer."""
    return all(arrays[spec["name"]].ndim == len(spec["shape"]) for spec in inputs)


def rows(arrays: dict[str, Any]) -> int:
    """The number of samples; raises StepFailed where inputs disagree or there are none."""
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise StepFailed(
            f"The inputs hold different numbers of samples: {counts}.", "Give as many of each, at least one."
        )
    return next(iter(counts.values()))


def drawn(arrays: dict[str, Any], batch: int, samples: int, seed: int, batched: bool) -> Iterator[dict[str, Any]]:
    """`samples` inputs of `batch` rows each, in an order drawn by `seed`; rows repeat only once all were used."""
    total = rows(arrays)
    rng = np.random.default_rng(seed)
    needed = samples * batch
    order = np.concatenate([rng.permutation(total) for _ in range(-(-needed // total))])[:needed]
    for picked in order.reshape(samples, batch):
        yield _take(arrays, picked, batched)


def whole(arrays: dict[str, Any], batch: int, batched: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """(rows that count, input) over all samples in order; the last one is filled up by repeating its last row."""
    total = rows(arrays)
    for first in range(0, total, batch):
        picked = np.minimum(np.arange(first, first + batch), total - 1)
        yield min(batch, total - first), _take(arrays, picked, batched)


def _take(arrays: dict[str, Any], picked: Any, batched: bool) -> dict[str, Any]:
    if batched:
        return {name: np.ascontiguousarray(array[picked]) for name, array in arrays.items()}
    if len(picked) != 1:
        raise Unsupported(
            "This model's inputs have no batch axis.", "Measure it with a batch of 1: scenario=single_stream."
        )
    # asarray: ascontiguousarray would give a scalar input an axis.
    return {name: np.asarray(array[picked[0]], order="C") for name, array in arrays.items()}
