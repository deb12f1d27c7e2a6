"""What every backend's compile proves: shapes, numbers, and which operators run in the precision asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runner.errors import StepFailed, Unsupported
from runner.worker import feed

# What optimising, fusing or converting a graph may change, of the largest output. Float sums are reordered; int8
# rounds at other places. A wrong graph or layout is off by about 1.
TOLERANCE = {"fp32": 1e-3, "fp16": 2e-2, "int8": 0.25, "int8_dynamic": 0.25}

# Kinds of heavy work, by a pattern over what the runtimes call their operators.
FAMILIES = {
    "LSTM": "LSTM",
    "GRU": "GRU",
    "RNN": "RNN",
    "Conv": "Conv(?!er)",
    "MatMul": "MatMul|Gemm|FullyConnected|Linear$",
    "Attention": "Attention",
}
WANTED = {"fp32": "fp32", "fp16": "fp16", "int8": "int8", "int8_dynamic": "int8"}


def calibration_feed(data: Path, session: Any, batch: int) -> dict[str, Any]:
    """One real input of `batch` rows for `session` from the data artifact's calibration split."""
    return drawn_feed(data, session.inputs, batch)


def drawn_feed(data: Path, inputs: list[dict[str, Any]], batch: int) -> dict[str, Any]:
    """The same for `inputs` (`[{name, shape, dtype}]`) where there is no session yet."""
    arrays = feed.read(str(data / "calibration.npz"), inputs)
    batched = feed.has_batch_axis(arrays, inputs)
    return next(feed.drawn(arrays, batch, 1, 0, batched))


def compared(session: Any, inputs: Mapping[str, Any], expected: list[Any], precision: str) -> float:
    """The largest absolute difference between a session's outputs and `expected`.

    Raises StepFailed where it is not finite or beyond the precision's TOLERANCE of the largest value.
    """
    outputs = session.run(session.bind(dict(inputs)))
    errors = [_error(found, want) for found, want in zip(outputs, expected, strict=True)]
    scale = max((float(np.abs(want).max()) for want in expected if want.size), default=0.0)
    worst = max(errors, default=0.0)
    if not worst <= TOLERANCE[precision] * max(scale, 1e-6):
        raise StepFailed(
            f"The compiled model's outputs differ by {worst:.3g} from its source's (largest value {scale:.3g}).",
            "Try less optimisation (backend.graph_optimization=basic) or another backend, and report it to its makers.",
        )
    return worst


def _error(found: Any, want: Any) -> float:
    if found.shape != want.shape:
        return float("inf")
    difference = np.abs(found.astype(np.float64) - want.astype(np.float64))
    return float(difference.max()) if difference.size else 0.0


def shapes(session: Any, arrays: Mapping[str, Any], batch: int) -> None:
    """Raises Unsupported where an input's shape is open, or is not the data's with `batch` rows."""
    for spec in session.inputs:
        open_sizes = [size for size in spec["shape"] if not isinstance(size, int)]
        if open_sizes:
            raise Unsupported(
                f"Input {spec['name']} has the shape {spec['shape']}: {', '.join(map(str, open_sizes))} is not fixed.",
                f"Fix it: model.shapes.{spec['name']}=[…]",
            )
        if list(arrays[spec["name"]].shape) != spec["shape"]:
            raise Unsupported(
                f"Input {spec['name']} has the shape {spec['shape']} in the model, "
                f"but {list(arrays[spec['name']].shape)} was asked for (batch {batch}).",
                "Use the batch that the model is made for, or export it with a symbolic batch axis.",
            )


def precision_warnings(precision: str, effective: Mapping[str, Mapping[str, int]]) -> list[str]:
    """One line for each kind of heavy operator that does not run wholly in the precision asked for, with counts."""
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


def _family_counts(family: str, effective: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for op, by_precision in effective.items():
        if _family(op) == family:
            for kind, number in by_precision.items():
                counts[kind] = counts.get(kind, 0) + number
    counts.pop("conversion", None)
    return counts


def _family(op: str) -> str | None:
    return next((name for name, pattern in FAMILIES.items() if re.search(pattern, op)), None)
