"""OpenVINO's session: an infer request for each bound input, inputs and outputs in our memory."""

from __future__ import annotations

import json
import math
import time
from collections import namedtuple
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import openvino  # type: ignore[import-untyped,unused-ignore]

from runner.backends.contract import HOST
from runner.backends.openvino import devices
from runner.core.errors import Unsupported
from runner.worker import values

FILE = "model.xml"
BLOB = "model.blob"  # what the plug-in made of the model
HINTS = {"fp32": "f32", "fp16": "f16", "int8": "f32", "int8_dynamic": "f32", "as_built": "f32"}
# Its element types that numpy lacks, by ml_dtypes' names; `to_dtype` takes bf16 for float16.
OWN_TYPES = {
    "bf16": "bfloat16",
    "f8e4m3": "float8_e4m3fn",
    "f8e5m2": "float8_e5m2",
    "f8e8m0": "float8_e8m0fnu",
    "f4e2m1": "float4_e2m1fn",
    "u4": "uint4",
    "i4": "int4",
    "u2": "uint2",
}
PRECISIONS = {"f32": "fp32", "f16": "fp16", "bf16": "bf16", "f64": "fp64", "i8": "int8", "u8": "int8"}
CONVERSIONS = ("Reorder", "Convert", "FakeQuantize")
BODIES = ("If", "TensorIterator")  # of what runs inside, the plug-in says nothing
NO_LAYERS = ("Parameter", "Result", "Constant")  # what the plug-in lists beside layers, and never runs

Bound = namedtuple("Bound", ["request", "outputs", "arrays", "feed"])


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The compiled model in `folder`; `options` are the backend's settings."""
    return _open(folder, options, {})


def open_profiled(folder: str, options: dict[str, Any]) -> Session:
    """As `open_session`, with the plug-in's counters on."""
    return _open(folder, options, {"PERF_COUNT": True})


def _open(folder: str, options: dict[str, Any], further: dict[str, Any]) -> Session:
    precision = json.loads((Path(folder) / "session.json").read_text(encoding="utf-8"))["precision"]
    blob = Path(folder) / BLOB
    properties = {**configuration(options, precision), **further}
    compiled = opened(blob if blob.is_file() else Path(folder) / FILE, options["device"], properties)
    return Session(compiled, options["requests"])


def opened(path: Path, device: str, properties: dict[str, Any]) -> Any:
    """An `openvino.CompiledModel` of an IR, or of what a plug-in stored."""
    core = openvino.Core()
    if path.name == BLOB:
        return core.import_model(path.read_bytes(), device, properties)
    return core.compile_model(str(path), device, properties)


def configuration(settings: dict[str, Any], precision: str) -> dict[str, Any]:
    """OpenVINO's properties from the backend's settings and the spec's precision.

    The inference precision is always given: by default the plug-in takes bf16 where the CPU has it. What only the CPU's
    plug-in knows is handed on by devices that are made of others, and is not for a GPU or an NPU.
    """
    properties = {"INFERENCE_PRECISION_HINT": settings["inference_precision"] or HINTS[precision]}
    if settings["hint"] != "none":
        properties["PERFORMANCE_HINT"] = settings["hint"].upper()
    streams = {} if settings["streams"] is None else {"NUM_STREAMS": settings["streams"]}
    cpu = {"INFERENCE_NUM_THREADS": settings["threads"], **streams}
    if settings["pinning"] is not None:
        cpu["ENABLE_CPU_PINNING"] = settings["pinning"]
    if settings["device"] == devices.EVERYWHERE:
        return {**properties, **cpu}
    if settings["device"].startswith(devices.COMPOSED):
        return {**properties, "DEVICE_PROPERTIES": {devices.EVERYWHERE: cpu}}
    return {**properties, **streams}


class Session:
    """A loaded model; `run` infers synchronously, `run_many` keeps `at_once` inferences going.

    Each bound input has a request of its own with its tensors set: like benchmark_app, `run` does not set them again.
    Requests share the model's intermediate memory.
    """

    def __init__(self, compiled: Any, requests: int | None) -> None:
        self.compiled = compiled
        self.version = openvino.__version__.split("-", 1)[0]
        self.memory = self.clock = HOST
        self.rereads = True
        self.inputs = [_described(port) for port in self.compiled.inputs]
        # An output that a file lists twice is one.
        ports = {name_of(port): (place, port) for place, port in reversed(list(enumerate(self.compiled.outputs)))}
        self._places = sorted(place for place, _ in ports.values())
        self.outputs = [_described(self.compiled.outputs[place]) for place in self._places]
        self._outputs = self._own_outputs()
        self.at_once = requests or int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        self._queue: Any = None  # of `run_many`
        self.effective = {**_effective(self.compiled), "requests": self.at_once}

    def _own_outputs(self) -> list[Any]:
        """Arrays that every run writes its outputs to; none where the data decide a size or values share a byte, and
        where an output hands an input on: its tensor would take the input's place."""
        sources = [port.get_node().input_value(0).get_node().get_type_name() for port in self.compiled.outputs]
        if "Parameter" in sources or not all(_sized(output) for output in self.outputs):
            return []
        return [np.empty(output["shape"], values.stored(output["dtype"])) for output in self.outputs]

    def bind(self, arrays: dict[str, Any]) -> Bound:
        """A request that reads the arrays, given by input name, and writes the session's own outputs."""
        request = self.compiled.create_infer_request()
        kept = [values.packed(arrays[spec["name"]], spec["dtype"]) for spec in self.inputs]
        ports = zip(self.compiled.inputs, self.inputs, kept)  # noqa: B905 - not in Python 3.8
        feed = {port: _tensor(port, array, arrays[spec["name"]].shape) for port, spec, array in ports}
        for port, tensor in feed.items():
            request.set_tensor(port, tensor)
        for place, array in zip(self._places, self._outputs):  # noqa: B905 - not in Python 3.8
            port = self.compiled.outputs[place]
            request.set_tensor(port, _tensor(port, array, array.shape))
        return Bound(request, self._outputs, kept, feed)

    def run(self, bound: Bound) -> list[Any]:
        """The outputs, valid until the next run."""
        bound.request.infer(share_outputs=True)
        return bound.outputs or self._read_from(bound.request)

    def run_many(self, order: list[Bound]) -> list[Any]:
        """All of `order`, `at_once` at any time, each started as soon as a request is free; the last one's outputs.

        The requests are OpenVINO's own queue's: their outputs lie in memory of their own, as several are written at
        once.
        """
        if self._queue is None:
            self._queue = openvino.AsyncInferQueue(self.compiled, self.at_once)
        queue, last = self._queue, 0
        for bound in order:
            last = queue.get_idle_request_id()  # that which takes the next
            queue.start_async(bound.feed, share_inputs=True)
        queue.wait_all()
        return self._read_from(queue[last])

    def _read_from(self, request: Any) -> list[Any]:
        return [
            _read(request.get_output_tensor(place), spec["dtype"])
            for place, spec in zip(self._places, self.outputs)  # noqa: B905 - not in Python 3.8
        ]

    def profile(self, bound: Bound, iterations: int) -> dict[str, Any]:
        """As `contract.ProfiledSession`. The plug-in cuts each run of a layer to whole microseconds, and so their mean
        over all runs since loading: a layer's time is what the profiled runs added to runs · mean."""
        warm = max(1, iterations // 10)
        for _ in range(warm):
            self.run(bound)
        before = {one.node_name: _us(one) for one in _layers(bound)}
        times: list[int] = []
        for _ in range(iterations):
            start = time.perf_counter_ns()
            self.run(bound)
            times.append(time.perf_counter_ns() - start)
        runs = {one.get_friendly_name(): one for one in self.compiled.get_runtime_model().get_ops()}
        layers = [
            {
                **_layer(one, added_us(before[one.node_name], warm, _us(one), iterations)),
                **_more(runs.get(one.node_name)),
            }
            for one in _layers(bound)
        ]
        resolution_ns = 1000.0 * (1 + (warm + iterations) / iterations)
        whole = {"statistic": "mean", "run_ns": fmean(times), "resolution_ns": resolution_ns}
        return {"layers": layers, **whole}

    def close(self) -> None:
        del self.compiled


def _layers(bound: Bound) -> list[Any]:
    """What runs. The plug-in calls a layer whose mean is below 1 µs NOT_RUN."""
    return [one for one in bound.request.get_profiling_info() if one.node_type not in NO_LAYERS]


def added_us(before: float, runs_before: int, after: float, runs: int) -> float:
    """Microseconds a run that `runs` more of them added, from the means before and after. The later mean loses up to 1
    of each run to the cut: where that is more than the layer took the difference is below 0, and the time none that
    can be told."""
    return max(0.0, (runs_before + runs) * after - runs_before * before) / runs


def _us(one: Any) -> float:
    return float(one.real_time.total_seconds() * 1e6)


def _layer(one: Any, us: float) -> dict[str, Any]:
    found = precision(one.node_type, one.exec_type)
    return {"name": one.node_name, "type": one.node_type, "precision": found, "ns": 1000.0 * us, "calls": 1}


def precision(kind: str, primitive: str) -> str:
    """What a layer computes in, of its kind and what runs it (`brgconv_avx512_f32`, `jit_avx512_I8`): weights that lie
    there in another type, which the plug-in calls the layer's precision, are converted before. Of a graph inside a
    layer it knows the condition's type alone."""
    element = primitive.rsplit("_", 1)[-1].lower()
    if kind in BODIES:
        return "a graph"
    return "conversion" if kind in CONVERSIONS else PRECISIONS.get(element, element)


def _more(node: Any) -> dict[str, Any]:
    """What the compiled graph knows of a layer: the nodes that it came from, and what it reads and writes."""
    if node is None:
        return {}
    about = node.get_rt_info()
    came = about["originalLayersNames"].astype(str) if "originalLayersNames" in about else ""
    moved = [_bytes(port) for port in (*node.inputs(), *node.outputs())]
    found: dict[str, Any] = {"nodes": [name for name in came.split(",") if name]}
    return found if None in moved else {**found, "bytes": sum(moved)}


def _bytes(port: Any) -> int | None:
    """Of a tensor; None where its sizes are open. An input that a kernel leaves out has no type, and none."""
    kind, shape = port.get_element_type(), port.get_partial_shape()
    if kind.get_type_name() == "dynamic":
        return 0
    return math.ceil(math.prod(shape.to_shape()) * kind.bitwidth / 8) if shape.is_static else None


def refused(doing: str, error: BaseException) -> Unsupported:
    """What OpenVINO said of a model."""
    return Unsupported(f"openvino can't {doing} the model: {last_line(error)}", "Choose another backend for it.")


def last_line(error: BaseException) -> str:
    """What OpenVINO says last: the lines before are its own source positions."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _described(port: Any) -> dict[str, Any]:
    sizes = [size.get_length() if size.is_static else str(size) for size in port.get_partial_shape()]
    kind = port.get_element_type()
    return {
        "name": name_of(port),
        "shape": sizes,
        "dtype": OWN_TYPES.get(kind.get_type_name()) or np.dtype(kind.to_dtype()).name,
    }


def _sized(output: dict[str, Any]) -> bool:
    return values.in_a_byte(output["dtype"]) == 1 and all(isinstance(size, int) for size in output["shape"])


def _tensor(port: Any, array: Any, shape: tuple[int, ...]) -> Any:
    """Of a type that numpy lacks the array holds the bytes."""
    kind = port.get_element_type()
    if kind.get_type_name() in OWN_TYPES:
        return openvino.Tensor(array, openvino.Shape(list(shape)), kind)
    return openvino.Tensor(array, shared_memory=True)


def _read(tensor: Any, dtype: str) -> Any:
    """A tensor as numpy; bits of a type that numpy lacks."""
    if dtype not in OWN_TYPES.values():
        return tensor.data
    return values.unpacked(tensor.data.reshape(-1).view(np.uint8), dtype, tuple(tensor.shape))


def name_of(port: Any) -> str:
    """The model's own name of an input or output: where OpenVINO drops a Cast, the port gets its names as well."""
    name: str = port.get_node().get_friendly_name().split("/sink_port_", 1)[0]
    own = port.get_node().get_type_name() == "Parameter" or name in port.get_names()
    return name if own else str(port.get_any_name())


def _effective(compiled: Any) -> dict[str, Any]:
    """The properties that decide how it runs, as the plug-in has them after loading; of a device that is made of
    others, the CPU's."""
    names = {
        "threads": "INFERENCE_NUM_THREADS",
        "streams": "NUM_STREAMS",
        "hint": "PERFORMANCE_HINT",
        "execution_mode": "EXECUTION_MODE_HINT",
        "pinning": "ENABLE_CPU_PINNING",
        "hyper_threading": "ENABLE_HYPER_THREADING",
        "devices": "EXECUTION_DEVICES",
        "inference_precision": "INFERENCE_PRECISION_HINT",
    }
    known = {key: compiled.get_property(key) for key in compiled.get_property("SUPPORTED_PROPERTIES")}
    within = known.get("DEVICE_PROPERTIES", {}).get(devices.EVERYWHERE, {})
    found = {**within, **known}
    return {name: _plain(found[key]) for name, key in names.items() if key in found}


def _plain(value: Any) -> Any:
    if isinstance(value, openvino.Type):
        return value.get_type_name()
    return value if isinstance(value, (bool, int, float, str, list)) else str(value).rsplit(".", 1)[-1]
