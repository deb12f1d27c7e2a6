"""A user's `.npz` of inputs with expected outputs or labels, checked against the model."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from runner.errors import SpecError, nearest
from runner.models import graph

Arrays = dict[str, NDArray[Any]]
LABELS = "labels"


def existing(path: str) -> str:
    """`path`, where a file is. Raises SpecError."""
    if not Path(path).is_file():
        raise SpecError(f"model.inputs={path}: no such file.", "Check the path; it is relative to this folder.")
    return path


def read(path: str, model: onnx.ModelProto, metric: str) -> Arrays:
    """The arrays of a test split: `in/<input>` in the file's types, `expected/<output>`, `target` (labels).

    `model` has its shapes fixed. Raises SpecError: not an npz, an unknown or missing name, a wrong shape or type,
    different numbers of samples, no expectation for `metric`.
    """
    given = _load(path)
    inputs = {value.name: value for value in graph.inputs(model)}
    outputs = [value.name for value in model.graph.output]
    _check_names(path, given, [*inputs], outputs)
    made = {f"in/{name}": _input(path, given[name], value, graph.is_batched(model)) for name, value in inputs.items()}
    made |= {f"expected/{name}": given[name] for name in outputs if name in given}
    made |= {"target": given[LABELS]} if LABELS in given else {}
    _check_samples(path, made)
    _check_metric(path, made, outputs, metric)
    return made


def _load(path: str) -> Arrays:
    try:
        with np.load(existing(path), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise SpecError(
            f"model.inputs={path}: not an .npz file of plain arrays.", "Write it with numpy.savez."
        ) from error


def _check_names(path: str, given: Mapping[str, Any], inputs: list[str], outputs: list[str]) -> None:
    for name in inputs:
        if name not in given:
            raise SpecError(f"model.inputs={path} lacks input {name}.", f"It has: {', '.join(given) or 'nothing'}.")
    known = [*inputs, *outputs, LABELS]
    for name in given:
        if name not in known:
            raise SpecError(
                f"model.inputs={path}: {name} is no input or output of the model.{nearest(name, known)}",
                f"Known: {', '.join(known)}.",
            )


def _input(path: str, array: NDArray[Any], value: onnx.ValueInfoProto, batched: bool) -> NDArray[Any]:
    """Samples first; without a free batch axis each sample has the whole shape of the input."""
    shape = graph.dims(value)[1:] if batched else graph.dims(value)
    if not batched and shape[:1] == [1] and list(array.shape[1:]) == shape[1:]:
        array = array[:, None]
    if array.ndim == 0 or list(array.shape[1:]) != shape:
        raise SpecError(
            f"model.inputs={path}: {value.name} has shape {list(array.shape)}.",
            f"The model wants [samples{''.join(f', {size}' for size in shape)}].",
        )
    wanted = graph.dtype(value)
    if not np.can_cast(array.dtype, wanted, "same_kind"):
        raise SpecError(f"model.inputs={path}: {value.name} is {array.dtype}.", f"The model wants {wanted}.")
    return array.astype(wanted)


def _check_samples(path: str, arrays: Arrays) -> None:
    counts = {name.partition("/")[2] or LABELS: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(counts.values())) > 1 or 0 in counts.values():
        shown = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise SpecError(f"model.inputs={path}: numbers of samples differ or are 0: {shown}.", "Give as many of each.")


def _check_metric(path: str, arrays: Arrays, outputs: list[str], metric: str) -> None:
    if metric == "accuracy" and ("target" not in arrays or len(outputs) != 1):
        raise SpecError(
            f"model.metric=accuracy needs an array `{LABELS}` in {path} and a model with one output.",
            "Add the labels, or choose another metric.",
        )
    if metric not in ("none", "accuracy") and not any(name.startswith("expected/") for name in arrays):
        raise SpecError(
            f"model.metric={metric} needs expected outputs in {path}.",
            f"Add an array named as an output: {', '.join(outputs)}.",
        )
