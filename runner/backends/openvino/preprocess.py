"""Raw samples made ready by OpenVINO's PrePostProcessor, or by nodes of the graph that it is proven to read rightly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino  # type: ignore[import-untyped,unused-ignore]
from openvino.preprocess import PrePostProcessor, ResizeAlgorithm  # type: ignore[import-untyped,unused-ignore]

from runner.backends import compile_checks
from runner.backends.openvino.session import Session, last_line
from runner.core.errors import Unsupported
from runner.core.job import Job
from runner.data import arrays
from runner.preprocessing import description, graph, host
from runner.preprocessing.description import CHANNELS_FIRST, Preprocessing

TOLERANCE = 1e-4  # of a ready input's largest magnitude
FEW = 4  # samples with which nodes are proven


def asked(job: Job) -> dict[str, Preprocessing]:
    """What this compile is to do to its inputs; empty where they are ready, or nodes of the graph do it."""
    return description.of_inputs(arrays.read_meta(job.inputs["data"])) if "preprocess" in job.settings else {}


def applied(model: Any, inputs: Mapping[str, Preprocessing], batch: int) -> Any:
    """`model`, all sizes fixed, with its inputs raw. Raises Unsupported with OpenVINO's words where it can't."""
    made = PrePostProcessor(model)
    for name, one in inputs.items():
        _describe(made.input(name), one, batch)
    try:
        return made.build()
    except RuntimeError as error:
        said = f"OpenVINO's PrePostProcessor can't make its inputs ready: {last_line(error)}"
        raise Unsupported(said, "Use preprocess=separate or preprocess.by=graph.") from error


def _describe(port: Any, one: Preprocessing, batch: int) -> None:
    """One input: cast, resized as Pillow does (its other ways don't antialias), normalised; laid out by the layouts."""
    first, steps = one.layout == CHANNELS_FIRST, port.preprocess()
    layout = openvino.Layout("NHWC" if first else "N...C")
    port.tensor().set_element_type(openvino.Type(np.dtype(one.dtype))).set_layout(layout).set_shape([batch, *one.shape])
    port.model().set_layout(openvino.Layout("NCHW") if first else layout)
    steps.convert_element_type(openvino.Type(np.dtype(one.computed_in)))
    if one.resized:
        steps.resize(ResizeAlgorithm.RESIZE_BILINEAR_PILLOW)
    steps.mean(list(one.mean)).scale(list(one.std)).convert_element_type(openvino.Type.f32)


def compared(plain: Session, session: Session, inputs: Mapping[str, Preprocessing], job: Job) -> float:
    """The largest difference between outputs on a raw sample and those of the same model, without preprocessing, on
    what numpy makes of it. Raises StepFailed where that is too large."""
    raw = compile_checks.calibration_feed(job.inputs["data"], session, job.settings["batch"])
    ready = {name: host.prepared(one, raw[name]) for name, one in inputs.items()}
    expected = [np.array(output) for output in plain.run(plain.bind(ready))]
    return compile_checks.compared(session, raw, expected, job.settings["precision"])


def check_nodes(model: onnx.ModelProto, data: Path) -> None:
    """Raises Unsupported where OpenVINO makes something else of a raw sample than the nodes say that were put before
    the model's own: it reads Resize without its `antialias` (2026.4), and says nothing."""
    if not any(node.name.startswith(graph.PREFIX) for node in model.graph.node):
        return
    samples = arrays.inputs_of(arrays.read(data, "calibration"))
    for name, one in description.of_inputs(arrays.read_meta(data)).items():
        raw, found = samples[name][:FEW], _ready(graph.alone(name, one, model), samples[name][:FEW])
        expected = host.prepared(one, raw)
        worst = float(np.abs(found - expected).max())
        if not worst <= TOLERANCE * max(1.0, float(np.abs(expected).max())):
            raise Unsupported(
                f"openvino makes another input of raw samples by the nodes {graph.PREFIX}{name}/…, off by {worst:.3g}: "
                "it reads Resize without antialias.",
                "Use preprocess.by=runtime.",
            )


def _ready(alone: onnx.ModelProto, raw: Any) -> Any:
    core = openvino.Core()
    read = core.read_model(alone.SerializeToString())
    return core.compile_model(read, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(raw)[0]
