"""The float model's own outputs, by ONNX Runtime with its graph optimisations off: what others are compared with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped,unused-ignore]
from numpy.typing import NDArray

from runner.backends.onnxruntime import refusal
from runner.backends.onnxruntime.session import Session, optimization_level, said_by
from runner.core.errors import Unsupported
from runner.graphs import onnx_graph, random_operators
from runner.tensors import rounding
from runner.tensors.difference import apart
from runner.worker import predictions, values

BATCH = 32


def outputs(model: onnx.ModelProto, arrays: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """`{output: array}` over all samples, samples first, as `runner/worker/predictions.py` has them. Without an output
    that has not one row a sample of a free batch; empty where ONNX Runtime refuses the graph (another runtime may run
    it) or outputs differ from run to run.

    Raises Unsupported where the model doesn't run with these inputs.
    """
    session = _session(model)
    if isinstance(session, str):
        return {}
    rows, batched = BATCH, onnx_graph.is_batched(model)
    parts: dict[str, list[Any]] = {spec["name"]: [] for spec in session.outputs}
    for feed in onnx_graph.feeds(model, arrays, rows):
        found = _run(model, session, feed)
        taken = len(next(iter(feed.values()))) if batched else 1
        for name, output in zip(parts, found, strict=True):
            whole = output if batched else output[None]
            parts[name].append(whole.copy() if whole.ndim and len(whole) == taken else None)
    if _differs(model, session, arrays):
        return {}
    whole = {name: found for name, found in parts.items() if all(part is not None for part in found)}
    return {name: predictions.joined(found) for name, found in whole.items()}


def rounded(model: onnx.ModelProto, arrays: Mapping[str, Any]) -> float:
    """How far rounding alone moves the first sample's outputs: the root mean square of the difference that a few units
    in the last place of its inputs make, over that of the outputs; 0.0 where it can't be told."""
    session = _session(model)
    if isinstance(session, str):
        return 0.0
    feed = next(onnx_graph.feeds(model, arrays, 1))
    outputs = [np.array(one) for one in _run(model, session, feed)]
    try:
        moved = [np.array(one) for one in _run(model, session, rounding.nudged(feed))]
    except Unsupported:  # an input that steers, such as scales of which some have to be 1
        return 0.0
    if [one.shape for one in moved] != [one.shape for one in outputs]:
        return 0.0
    error = sum(float((values.differences(*pair) ** 2).sum()) for pair in zip(moved, outputs, strict=True))
    signal = sum(float((values.sizes(one) ** 2).sum()) for one in outputs)
    return math.sqrt(error / signal) if signal and math.isfinite(error) else 0.0


def refused(model: onnx.ModelProto, reference: Mapping[str, Any]) -> list[str]:
    """A line where there is no `reference` because ONNX Runtime refuses the graph."""
    session = None if reference else _session(model)
    what = "not compared with the float model: onnxruntime, which would run it, can't load it"
    return [f"{what}: {session}"] if isinstance(session, str) else []


def _session(model: onnx.ModelProto) -> Session | str:
    """What ONNX Runtime says where it refuses the graph, with its sizes and without."""
    said, options = "", onnxruntime.SessionOptions()
    options.graph_optimization_level = optimization_level("disabled")
    options.log_severity_level = 3
    for sized in (True, False):
        try:
            content = (model if sized else onnx_graph.opened(model)).SerializeToString()
            return Session(onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"]))
        except Exception as error:  # its own share no base class
            said = said_by(error)
    return said


def _run(model: onnx.ModelProto, session: Session, feed: Mapping[str, Any]) -> list[Any]:
    kept = {
        spec["name"]: values.raw(feed[spec["name"]], spec["dtype"]) for spec in session.inputs if spec["name"] in feed
    }
    try:
        found = session.run(session.bind({**feed, **kept}))
    except Exception as error:  # its own share no base class
        raise _unfit(model, error) from error
    return [values.array(output, spec["dtype"]) for output, spec in zip(found, session.outputs, strict=True)]


def _unfit(model: onnx.ModelProto, error: Exception) -> Unsupported:
    node = refusal.node(str(error), onnx_graph.nodes(model.graph))
    where = f" at node {node}" if node else ""
    whole = [value.name for value in onnx_graph.inputs(model) if "int" in onnx_graph.dtype(value)]
    drawn = f"Whole numbers ({', '.join(whole)}) are random below data.integers_below unless given. " if whole else ""
    return Unsupported(
        f"The model doesn't run with its inputs{where}: {said_by(error)}",
        f"{drawn}Give real inputs: model.inputs=my.npz, with an array for each; or other sizes: model.shapes.",
    )


def _differs(model: onnx.ModelProto, session: Session, arrays: Mapping[str, Any]) -> bool:
    """Whether the same inputs give other outputs when they come again."""
    feed = next(onnx_graph.feeds(model, arrays, 1))
    one = [np.array(output) for output in _run(model, session, feed)]
    return any(apart(_run(model, session, feed), one)[0] > 0 for _ in range(1, random_operators.runs(model)))
