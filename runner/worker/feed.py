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
    for picked in picks(rows(arrays), batch, samples, seed):
        yield _take(arrays, picked, batched)


def picks(total: int, batch: int, samples: int, seed: int) -> Any:
    """(samples, batch) the rows that `drawn` takes."""
    rng = np.random.default_rng(seed)
    needed = samples * batch
    order = np.concatenate([rng.permutation(total) for _ in range(-(-needed // total))])[:needed]
    return order.reshape(samples, batch)


def never_seen(arrays: dict[str, Any], batch: int, samples: int, seed: int, batched: bool) -> Iterator[dict[str, Any]]:
    """`drawn`, but no input equals any that was drawn before: floating-point values are moved by a thousandth of
    their spread, others by the order of each row's values."""
    rng = np.random.default_rng((seed, samples))
    for inputs in drawn(arrays, batch, samples, seed, batched):
        yield {name: _moved(array, rng) for name, array in inputs.items()}


def _moved(array: Any, rng: Any) -> Any:
    if np.issubdtype(array.dtype, np.floating):
        step = 1e-3 * (float(array.std()) or 1.0)
        return (array + step * rng.standard_normal(array.shape)).astype(array.dtype)
    return rng.permuted(array, axis=-1) if array.ndim else array


def expected(npz: str, outputs: list[dict[str, Any]], picked: Any) -> list[Any]:
    """For each of a session's `outputs`, in order, the float model's rows `picked` (samples, batch) of `npz`.

    By name; where a runtime renamed its outputs, by their order. Empty where their numbers differ.
    """
    with np.load(npz, allow_pickle=False) as file:
        names = [name for name in file.files if name.startswith("out/")]
        own = ["out/" + spec["name"] for spec in outputs]
        if len(own) != len(names):
            return []
        return [file[name][picked] for name in (own if set(own) == set(names) else names)]


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
