"""What every backend's compile proves: shapes, numbers, and which operators run in the precision asked for."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runner.backends.contract import AS_BUILT
from runner.core.errors import StepFailed, Unsupported
from runner.core.job import Job
from runner.tensors import rounding
from runner.tensors.difference import apart
from runner.tensors.rounding import Ask
from runner.worker import input_batches, predictions, values

# What optimising, fusing or converting a graph may change, of the largest output. Float sums are reordered; int8
# rounds at other places. A wrong graph or layout is off by about 1.
TOLERANCE = {"fp32": 1e-3, "fp16": 2e-2, "int8": 0.25, "int8_dynamic": 0.25}

# Kinds of heavy work, by a pattern over what the runtimes call their operators.
FAMILIES = {
    "LSTM": "LSTM",
    "GRU": "GRU",
    "RNN": "RNN",
    "Conv": "Conv(?!er)",
    "MatMul": "MatMul|Gemm|Fully_?Connected|Linear$",
    "Attention": "Attention",
}
WANTED = {"fp32": "fp32", "fp16": "fp16", "int8": "int8", "int8_dynamic": "int8"}
COMPILED = ("version", "effective", "fallback")  # what the last stage of a compile has to return
GUIDE = "What a backend returns: docs/adding-a-backend.md."


def returned(module: str, function: str, job: Job, keys: Sequence[str] = ()) -> dict[str, Any]:
    """What the backend's `module.function(job)` returns. Raises StepFailed naming its file where that is no dict, or
    lacks one of `keys`."""
    code = importlib.import_module(module)
    found = getattr(code, function)(job)
    lacks = [key for key in keys if key not in found] if isinstance(found, dict) else ["dict"]
    if lacks:
        raise StepFailed(f"{code.__file__}: {function}(job) returned no {', '.join(lacks)}.", GUIDE)
    return dict(found)


def calibration_feed(data: Path, session: Any, batch: int) -> dict[str, Any]:
    """One real input of `batch` rows for `session` from the data artifact's calibration split."""
    return drawn_feed(data, session.inputs, batch)


def drawn_feed(data: Path, inputs: list[dict[str, Any]], batch: int) -> dict[str, Any]:
    """The same for `inputs` (`[{name, shape, dtype}]`) where there is no session yet."""
    arrays = input_batches.read(str(data / "calibration.npz"), inputs)
    batched = input_batches.has_batch_axis(arrays, inputs)
    return next(input_batches.drawn(arrays, batch, 1, 0, batched))


def real_feed(data: Path, batch: int) -> dict[str, Any]:
    """The same for a network of ours, whose inputs are what the data hold."""
    with np.load(data / "calibration.npz", allow_pickle=False) as file:
        held = {name[len("in/") :]: file[name] for name in file.files if name.startswith("in/")}
    inputs = [{"name": name, "shape": list(array.shape), "dtype": str(array.dtype)} for name, array in held.items()]
    return drawn_feed(data, inputs, batch)


def signature(session: Any, data: Path) -> dict[str, Any]:
    """`inputs` and `outputs` of a session that doesn't know their sizes: those of the data, and what one run gives.

    Outputs are called as the session calls them where it knows how many there are, else y, or y0, y1, …
    """
    shapes = json.loads((data / "meta.json").read_text(encoding="utf-8"))["shapes"]
    inputs = [{**spec, "shape": shapes[spec["name"]]} for spec in session.inputs]
    found = [np.asarray(output) for output in session.run(session.bind(drawn_feed(data, inputs, 1)))]
    names = [spec["name"] for spec in session.outputs]
    if len(names) != len(found):
        names = [f"y{number}" for number in range(len(found))]
    free = all(spec["shape"][:1] == ["batch"] for spec in inputs)
    sizes = [["batch", *one.shape[1:]] if free and one.ndim else list(one.shape) for one in found]
    outputs = [
        {"name": name, "shape": shape, "dtype": str(one.dtype)}
        for name, shape, one in zip(names, sizes, found)  # noqa: B905 - not in Python 3.8: it travels
    ]
    return {"inputs": inputs, "outputs": outputs}


def compared(
    session: Any, inputs: Mapping[str, Any], expected: list[Any], precision: str, source: Ask | None = None
) -> float:
    """The largest absolute difference between a session's outputs and `expected`, 0 where both are infinite or NaN.

    Raises StepFailed where one alone is, or it is beyond the precision's TOLERANCE of the largest value and, where
    their `source` can be asked again, beyond what rounding alone moves them.
    """
    outputs = session.run(session.bind(dict(inputs)))
    pairs = zip(outputs, session.outputs)  # noqa: B905 - not in Python 3.8: it travels
    found = [values.array(output, spec["dtype"]) for output, spec in pairs]
    worst, scale = apart(found, expected)
    if not (worst <= TOLERANCE[precision] * max(scale, 1e-6) or worst <= _rounded(inputs, expected, source)):
        raise StepFailed(
            f"The compiled model's outputs differ by {worst:.3g} from its source's (largest value {scale:.3g}).",
            "Try another backend (or of onnxruntime backend.graph_optimization=basic), and report it to its makers.",
        )
    return worst


def as_ready(session: Any, job: Job) -> float:
    """The largest difference between what a session with preprocessing in it makes of raw samples, and what its graph
    makes of ready ones, which the input `expected` of the job has.

    Raises Unsupported where it is beyond the precision's TOLERANCE of the largest value: its resizing is another.
    """
    known = predictions.read(str(job.inputs["expected"] / "reference.npz"))
    expected = [known[spec["name"]] for spec in session.outputs]
    raw = input_batches.read(str(job.inputs["data"] / "calibration.npz"), session.inputs)
    few = {name: array[: len(expected[0])] for name, array in raw.items()}
    worst, scale = apart(_answered(session, few, job.settings["batch"]), expected)
    if not worst <= TOLERANCE[job.settings["precision"]] * scale:
        raise Unsupported(
            f"{job.settings['backend']} makes another input of raw samples: with the preprocessing in the graph "
            f"outputs differ by {worst:.3g} from those of ready inputs (largest value {scale:.3g}).",
            "Use preprocess=separate, or another backend.",
        )
    return worst


def _answered(session: Any, arrays: dict[str, Any], batch: int) -> list[Any]:
    """A session's outputs on all samples, in batches."""
    batched, parts = input_batches.has_batch_axis(arrays, session.inputs), []
    for count, feed in input_batches.whole(arrays, batch, batched):
        found = zip(session.run(session.bind(feed)), session.outputs)  # noqa: B905 - not in Python 3.8: it travels
        parts.append([np.array(values.array(output, spec["dtype"])[:count]) for output, spec in found])
    return [np.concatenate(every) for every in zip(*parts)]  # noqa: B905


def _rounded(inputs: Mapping[str, Any], expected: list[Any], source: Ask | None) -> float:
    return rounding.SLACK * apart(source(rounding.nudged(inputs)), expected)[0] if source else 0.0


def shapes(session: Any, arrays: Mapping[str, Any], batch: int) -> None:
    """Raises Unsupported where an input's shape is not the data's with `batch` rows; an open size takes any."""
    for spec in session.inputs:
        array = arrays.get(spec["name"])
        if array is not None and spec["shape"] and not _fits(spec["shape"], array.shape):
            raise Unsupported(
                f"Input {spec['name']} has the shape {spec['shape']} in the model, "
                f"but {list(array.shape)} was asked for (batch {batch}).",
                "Use the batch that the model is made for, or export it with a symbolic batch axis.",
            )


def _fits(shape: list[Any], sizes: tuple[int, ...]) -> bool:
    """Whether sizes are those of a shape; unknown ones are no numbers."""
    return len(shape) == len(sizes) and all(
        size == own or not isinstance(own, int)
        for own, size in zip(shape, sizes)  # noqa: B905
    )


def finite(session: Any, outputs: Any, data: Path) -> list[str]:
    """A line for each output that is not finite where the float model's isn't finite either, or a user's file can't be
    asked for it.

    Raises StepFailed where the float model's is, and of a model that was trained here, and where the session answers
    with no list of as many outputs as it says.
    """
    expected = len(session.outputs)
    if not isinstance(outputs, (list, tuple)) or len(outputs) != expected:
        what = f"{len(outputs)} outputs" if isinstance(outputs, (list, tuple)) else type(outputs).__name__
        file = sys.modules[type(session).__module__].__file__
        raise StepFailed(f"{file}: run(bound) returned {what}: a list of {expected} expected.", GUIDE)
    pairs = zip(session.outputs, outputs)  # noqa: B905
    odd = [spec["name"] for spec, output in pairs if not values.finite(values.array(output, spec["dtype"]))]
    return [_not_finite(name, _float_rows(data, name), data) for name in odd]


def _float_rows(data: Path, name: str) -> list[Any] | None:
    """An output of the float model's, a row a sample; None where it is not known."""
    file = data / "reference.npz"
    return (predictions.read(str(file)) if file.is_file() else {}).get(name)


def _not_finite(name: str, known: list[Any] | None, data: Path) -> str:
    if known is None and json.loads((data / "meta.json").read_text(encoding="utf-8"))["task"] == "tensors":
        return f"output {name} has NaN or infinite values; whether the model's own has them is not known"
    if known is None or all(values.finite(np.asarray(row)) for row in known):
        raise StepFailed(
            f"The compiled model's output {name} is not finite on real inputs.",
            "Try precision=fp32, or look at the model: it may overflow.",
        )
    return f"output {name} has NaN or infinite values, as the model's own has"


def precision_warnings(precision: str, effective: Mapping[str, Mapping[str, int]]) -> list[str]:
    """One line for each kind of heavy operator that does not run wholly in the precision asked for, with counts; none
    of a file that is built already, of which none is asked."""
    if precision == AS_BUILT:
        return []
    wanted = WANTED[precision]
    lines = []
    for family in FAMILIES:
        counts = _family_counts(family, effective)
        total, there = sum(counts.values()), counts.get(wanted, 0)
        if total and there < total:
            others = ", ".join(f"{n} in {kind}" for kind, n in sorted(counts.items()) if kind != wanted)
            verb = "runs" if total == 1 else "run"
            lines.append(f"precision={precision}: {there} of {total} {family} {verb} in {wanted} ({others})")
    return lines


def fallback_warnings(backend: str, fallback: Mapping[str, int]) -> list[str]:
    """A line where operators (`{type: how many}`) run elsewhere than the backend was asked to run them."""
    said = ", ".join(f"{count} {op}" for op, count in sorted(fallback.items()))
    return [f"fell back: {said} run elsewhere than backend={backend} was asked for"] if said else []


def _family_counts(family: str, effective: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for op, by_precision in effective.items():
        if _family(op) == family:
            for kind, number in by_precision.items():
                counts[kind] = counts.get(kind, 0) + number
    counts.pop("conversion", None)
    return counts


def _family(op: str) -> str | None:
    return next((name for name, pattern in FAMILIES.items() if re.search(pattern, op, re.IGNORECASE)), None)
