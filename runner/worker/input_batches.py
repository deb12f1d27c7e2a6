"""Real inputs for a session: rows of a data artifact, drawn by seed and shaped as the model wants them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from runner.core.errors import StepFailed, Unsupported
from runner.worker import predictions, values
from runner.worker.npz import mapped

SEQUENCE = ("seq(", "optional(seq(")
OPTIONAL = "optional("


def read(npz: str, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """`in/<input>` of a data file for each of a session's `inputs`; first axis = samples, dtype as the session's
    (`values.stored`). A sequence is `in/<input>/0`, `in/<input>/1`, …; an optional input may be missing.

    Raises StepFailed naming the input that the file lacks.
    """
    held, found = mapped(npz), {}
    for spec in inputs:
        if spec["dtype"].startswith(SEQUENCE):
            found.update(_elements(held, spec["name"]))
        elif "in/" + spec["name"] in held or not spec["dtype"].startswith(OPTIONAL):
            found[spec["name"]] = _one(held, npz, spec)
    return found


def _elements(file: dict[str, Any], name: str) -> dict[str, Any]:
    held = [key for key in file if key.startswith(f"in/{name}/") and key.rpartition("/")[2].isdigit()]
    return {key[len("in/") :]: file[key] for key in sorted(held, key=lambda key: int(key.rpartition("/")[2]))}


def _one(file: dict[str, Any], npz: str, spec: dict[str, Any]) -> Any:
    key = "in/" + spec["name"]
    if key not in file:
        held = ", ".join(file)
        raise StepFailed(f"{npz} has no array {key}, which the model takes as input.", f"It has: {held}.")
    return file[key] if spec["dtype"].startswith(OPTIONAL) else values.raw(file[key], spec["dtype"])


def has_batch_axis(arrays: dict[str, Any], inputs: list[dict[str, Any]]) -> bool:
    """True where a model's inputs have as many axes as the arrays of samples; False where one fewer, or no input."""
    tensors = [spec for spec in inputs if not spec["dtype"].startswith((*SEQUENCE, OPTIONAL))]
    return len(tensors) == len(inputs) > 0 and all(arrays[s["name"]].ndim == len(s["shape"]) for s in tensors)


def rows(arrays: dict[str, Any]) -> int:
    """The number of samples, 1 of a model without inputs; raises StepFailed where inputs disagree or are empty."""
    if not arrays:
        return 1
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


def changeable(inputs: dict[str, Any]) -> list[str]:
    """The inputs whose values `never_seen` can change, the largest first, floats before whole numbers: small ones are
    rather sizes, scales and axes that a runtime may run with in no other way."""
    found = [name for name, array in inputs.items() if _varies(array)]
    return sorted(found, key=lambda name: (-inputs[name].size, inputs[name].dtype.kind != "f"))


def _varies(array: Any) -> bool:
    if array.dtype.kind == "f":
        return bool((np.isfinite(array) & (array != 0)).any())
    return array.dtype.kind in "iu" and array.size > 1 and bool(array.min() != array.max())


def never_seen(inputs: dict[str, Any], name: str, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` inputs that differ from `inputs`, and from each other, in `name` alone and as little as they can: floats
    in their last bits; of whole numbers two change places.

    So a runtime that knows inputs again has never seen them, and the processor's branches and the sizes that inputs
    may give are the same.
    """
    rng = np.random.default_rng((seed, count))
    for _ in range(count):
        yield {**inputs, name: _moved(inputs[name], rng)}


def _moved(array: Any, rng: Any) -> Any:
    if array.dtype.kind != "f" or array.dtype.itemsize == 1:
        return _swapped(array, rng)
    # Few values need more bits between them to differ each time; zeros stay, as denormal numbers take longer.
    most = 4 if array.size > 16 else 16 if array.dtype.itemsize == 2 else 4096 if array.size == 1 else 256
    steps = rng.integers(-most, most + 1, array.shape)
    return np.asarray(array * (1 + steps * np.finfo(array.dtype).eps), dtype=array.dtype)


def _swapped(array: Any, rng: Any) -> Any:
    found = array.copy().reshape(-1)
    one, other = rng.choice(found.size, 2, replace=False)
    found[[one, other]] = found[[other, one]]
    return found.reshape(array.shape)


def expected(npz: str, outputs: list[dict[str, Any]], picked: Any) -> list[Any]:
    """For each of a session's `outputs`, in order, the float model's rows `picked` (samples, batch) of `npz`; None for
    one that it says nothing of.

    By name; where a runtime renamed its outputs, by their order.
    """
    known = predictions.read(npz)
    own = [spec["name"] for spec in outputs]
    if not set(known) <= set(own):
        if len(own) != len(known):
            return [None] * len(own)
        known = dict(zip(own, known.values()))  # noqa: B905 - not in Python 3.8
    return [known[name][picked] if name in known else None for name in own]


def whole(arrays: dict[str, Any], batch: int, batched: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """(rows that count, input) over all samples in order; the last one is filled up by repeating its last row."""
    total = rows(arrays)
    for first in range(0, total, batch):
        picked = np.minimum(np.arange(first, first + batch), total - 1)
        yield min(batch, total - first), _take(arrays, picked, batched)


def _take(arrays: dict[str, Any], picked: Any, batched: bool) -> dict[str, Any]:
    if batched:
        return {name: np.array(array[picked], order="C") for name, array in arrays.items()}
    if len(picked) != 1:
        raise Unsupported(
            "This model's inputs have no batch axis.", "Measure it with a batch of 1: scenario=single_stream."
        )
    # A copy: what is timed lies in memory. array: ascontiguousarray would give a scalar input an axis.
    return {name: np.array(array[picked[0]], order="C") for name, array in arrays.items()}
