"""Step `describe`: what a file that another toolchain built takes and gives, asked of the backend that it is for.

Settings: `backend` (name), `opener` (the module of that backend's that opens the file), `settings` (the backend's, JSON
types), `places` (`[[path, name in the artifact]]`, the file itself first), `shapes` (`{input: sizes}` of those that it
leaves open).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TypeProto, ValueInfoProto, helper

from runner.backends.contract import AS_BUILT
from runner.core import registry
from runner.core.errors import RunnerError, StepFailed, Unsupported
from runner.core.job import Job
from runner.graphs import onnx_file, onnx_graph
from runner.steps.adopt import placed
from runner.steps.compile import opened_by
from runner.worker import session_loader, values

UNDEFINED = onnx.TensorProto.UNDEFINED


def run(job: Job) -> dict[str, Any]:
    """Writes `model.onnx`: inputs and outputs with the sizes asked for, and no nodes.

    Meta: `inputs`, `outputs` (`[{name, shape, dtype}]`). Raises StepFailed naming the file where it can't be opened or
    `shapes` don't fit it.
    """
    path, home = job.settings["places"][0][0], job.scratch / "built"
    session = _session(job, path, home)
    try:
        ports = _ports(session, job.settings["shapes"], path)
    finally:
        session.close()
        shutil.rmtree(home)
    onnx.save(ports, job.out / "model.onnx")
    return {"inputs": onnx_graph.describe(ports.graph.input), "outputs": onnx_graph.describe(ports.graph.output)}


def _session(job: Job, path: str, home: Path) -> Any:
    """The opened file; `home` is an empty folder for it."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    placed(job.settings["places"], home)
    backend = job.settings["backend"]
    opened_by(home, registry.module("backend", backend), precision=AS_BUILT)
    opener = f"{registry.module('backend', backend)}.{job.settings['opener']}"
    try:
        return session_loader.load(opener, str(home), dict(job.settings["settings"]))
    except StepFailed as error:
        said = session_loader.said_by(error.__cause__ or error).replace(str(home / job.settings["places"][0][1]), path)
        raise StepFailed(f"{path}: {backend} can't open it: {said}", "Build it again, for the version here.") from error
    except RunnerError as error:
        error.reason = f"{path}: {error.reason}"
        raise


def _ports(session: Any, shapes: Mapping[str, Sequence[int | str]], path: str) -> onnx.ModelProto:
    inputs, outputs = (list(map(_port, ports)) for ports in (session.inputs, session.outputs))
    whole = next((value.name for value in inputs if onnx_graph.container(value)), None)
    if whole is not None:
        raise Unsupported(f"{path}: input {whole} is no tensor.", "A graph with such inputs runs as model=onnx.")
    usual = {spec["name"]: spec["usual"] for spec in session.inputs if "usual" in spec}
    graph = helper.make_model(helper.make_graph([], "built", inputs, outputs))
    fixed = onnx_file.shaped(graph, {**usual, **shapes}, path)
    fixed.graph.ClearField("output")  # of a graph they follow from its nodes; here the session knows them
    fixed.graph.output.extend(outputs)
    return fixed


def _port(spec: Mapping[str, Any]) -> ValueInfoProto:
    """A session's input or output as ONNX says it; what is no tensor is a sequence of something."""
    kind, shape = _element(spec["dtype"]), spec["shape"]
    if kind == UNDEFINED:
        return helper.make_value_info(spec["name"], TypeProto(sequence_type=TypeProto.Sequence(elem_type=TypeProto())))
    return helper.make_tensor_value_info(spec["name"], kind, shape if shape is None else _sizes(shape))


def _element(dtype: str) -> int:
    if dtype == values.TEXT:
        return int(onnx.TensorProto.STRING)
    try:
        return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
    except (TypeError, ValueError):
        return int(UNDEFINED)


def _sizes(shape: Sequence[Any]) -> list[int | str | None]:
    return [size if isinstance(size, (int, str)) else None for size in shape]
