"""OpenVINO's session: an infer request for each bound input, inputs and outputs in our memory."""

from __future__ import annotations

import json
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import openvino  # type: ignore[import-untyped,unused-ignore]

from runner.errors import StepFailed, Unsupported

FILE = "model.xml"
HINTS = {"fp32": "f32", "fp16": "f16", "int8": "f32", "int8_dynamic": "f32"}

Bound = namedtuple("Bound", ["request", "outputs", "arrays"])


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The compiled model in `folder`; `options` are the backend's settings (threads, streams, hint)."""
    precision = json.loads((Path(folder) / "session.json").read_text(encoding="utf-8"))["precision"]
    return Session(Path(folder) / FILE, configuration(options, precision))


def configuration(settings: dict[str, Any], precision: str) -> dict[str, Any]:
    """OpenVINO's properties from the backend's settings and the spec's precision.

    The inference precision is always given: by default the plug-in takes bf16 where the CPU has it.
    """
    properties = {"INFERENCE_PRECISION_HINT": HINTS[precision], "INFERENCE_NUM_THREADS": settings["threads"]}
    if settings["streams"] is not None:
        properties["NUM_STREAMS"] = settings["streams"]
    if settings["hint"] != "none":
        properties["PERFORMANCE_HINT"] = settings["hint"].upper()
    return properties


class Session:
    """A loaded model; `run` infers synchronously.

    Each bound input has a request of its own with its tensors set: like benchmark_app, `run` does not set them again.
    Requests share the model's intermediate memory.
    """

    def __init__(self, path: Path, properties: dict[str, Any]) -> None:
        self.compiled = _load(path, properties)
        self.version = openvino.__version__.split("-", 1)[0]
        self.inputs = [_described(port) for port in self.compiled.inputs]
        self.outputs = [_described(port) for port in self.compiled.outputs]
        self._outputs = self._own_outputs()
        self.effective = _effective(self.compiled)

    def _own_outputs(self) -> list[Any]:
        """Arrays that every run writes its outputs to; none where a shape depends on the data."""
        if not all(isinstance(size, int) for output in self.outputs for size in output["shape"]):
            return []
        return [np.empty(output["shape"], output["dtype"]) for output in self.outputs]

    def bind(self, arrays: dict[str, Any]) -> Bound:
        """A request that reads the arrays, given by input name, and writes the session's own outputs."""
        request = self.compiled.create_infer_request()
        ordered = [arrays[spec["name"]] for spec in self.inputs]
        for index, array in enumerate(ordered):
            request.set_input_tensor(index, openvino.Tensor(array, shared_memory=True))
        for index, array in enumerate(self._outputs):
            request.set_output_tensor(index, openvino.Tensor(array, shared_memory=True))
        return Bound(request, self._outputs, ordered)

    def run(self, bound: Bound) -> list[Any]:
        """The outputs, valid until the next run."""
        bound.request.infer(share_outputs=True)
        return bound.outputs or [bound.request.get_output_tensor(i).data for i in range(len(self.outputs))]

    def close(self) -> None:
        del self.compiled


def _load(path: Path, properties: dict[str, Any]) -> Any:
    try:
        return openvino.Core().compile_model(str(path), "CPU", properties)
    except Exception as error:  # RuntimeError, and others that its plug-ins raise
        raise StepFailed(
            f"openvino can't load {path}: {last_line(error)}",
            "If the file is damaged, remove its artifact folder and it is built again.",
        ) from error


def refused(doing: str, error: BaseException) -> Unsupported:
    """What OpenVINO said of a model."""
    return Unsupported(f"openvino can't {doing} the model: {last_line(error)}", "Choose another backend for it.")


def last_line(error: BaseException) -> str:
    """What OpenVINO says last: the lines before are its own source positions."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _described(port: Any) -> dict[str, Any]:
    sizes = [size.get_length() if size.is_static else str(size) for size in port.get_partial_shape()]
    return {"name": name_of(port), "shape": sizes, "dtype": np.dtype(port.get_element_type().to_dtype()).name}


def name_of(port: Any) -> str:
    """The model's own name of an input or output: where OpenVINO drops a Cast, the port gets its names as well."""
    name: str = port.get_node().get_friendly_name().split("/sink_port_", 1)[0]
    return name if name in port.get_names() else port.get_any_name()


def _effective(compiled: Any) -> dict[str, Any]:
    """The properties that decide how it runs, as the plug-in has them after loading."""
    names = {
        "threads": "INFERENCE_NUM_THREADS",
        "streams": "NUM_STREAMS",
        "hint": "PERFORMANCE_HINT",
        "execution_mode": "EXECUTION_MODE_HINT",
        "cpu_pinning": "ENABLE_CPU_PINNING",
        "hyper_threading": "ENABLE_HYPER_THREADING",
        "devices": "EXECUTION_DEVICES",
    }
    found = {name: _plain(compiled.get_property(key)) for name, key in names.items()}
    precision = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    return {**found, "inference_precision": precision}


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str, list)) else str(value).rsplit(".", 1)[-1]
