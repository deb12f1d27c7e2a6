"""ONNX Runtime's session: loads a stored graph as it is and runs it."""

from __future__ import annotations

import ctypes
import json
import math
import re
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path
from typing import Any, Iterable  # noqa: UP035 - Python 3.8's names

import numpy as np
import onnxruntime  # type: ignore[import-untyped,unused-ignore]

from runner.backends.contract import HOST
from runner.backends.onnxruntime import entries, profiler, provider, refusal
from runner.core.errors import RunnerError, Unsupported
from runner.core.foreign_text import brief
from runner.worker import values
from runner.worker.input_batches import SEQUENCE

FILE = "model.onnx"
SAVED = "model.ort"  # its own format, where another toolchain made the file
LOADING = "load.json"  # how the stored graph is loaded, where not as it stands there
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(bool)": "bool",
    "tensor(string)": values.TEXT,
    **{f"tensor({name})": name for name in INTEGERS},
}
# ONNX's numbers of the types that numpy lacks, by ml_dtypes' names.
OWN_TYPES = {
    "bfloat16": 16,
    "float8_e4m3fn": 17,
    "float8_e4m3fnuz": 18,
    "float8_e5m2": 19,
    "float8_e5m2fnuz": 20,
    "uint4": 21,
    "int4": 22,
    "float4_e2m1fn": 23,
    "float8_e8m0fnu": 24,
    "uint2": 25,
    "int2": 26,
}
SHORT = {"float4_e2m1fn": "float4e2m1", "float8_e8m0fnu": "float8e8m0"}  # as ONNX Runtime calls them
DTYPES.update({f"tensor({SHORT.get(name, name.replace('float8_', 'float8'))})": name for name in OWN_TYPES})
UNREADABLE = ("InvalidProtobuf", "NoSuchFile")  # what ONNX Runtime raises of a file that is no whole graph
LEVELS = {
    "disabled": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "layout": "ORT_ENABLE_LAYOUT",
    "all": "ORT_ENABLE_ALL",
}

Bound = namedtuple("Bound", ["binding", "outputs", "inputs"])


def open_session(folder: str, options: dict[str, Any], profile: str | None = None) -> Session:
    """The compiled model in `folder`; `options` are the backend's settings. With `profile`, how long its nodes take is
    written there."""
    loading = Path(folder) / LOADING
    level = json.loads(loading.read_text(encoding="utf-8"))["level"] if loading.is_file() else "disabled"
    how = session_options(options, level)
    if profile:
        how.enable_profiling, how.profile_file_prefix = True, profile
    saved = Path(folder) / SAVED
    path = saved if saved.is_file() else Path(folder) / FILE
    loaded = load(path, how, options["provider"], options["provider_options"])
    return Session(loaded, options["io"] == "copy", (*entries.SPINNING, *options["session"]))


def open_profiled(folder: str, options: dict[str, Any]) -> Session:
    """As `open_session`, under the profiler, which writes its file into the system's temporary folder."""
    return open_session(folder, options, str(Path(tempfile.mkdtemp(prefix="runner-profile-")) / "profile"))


def session_options(settings: dict[str, Any], level: str) -> Any:
    """`onnxruntime.SessionOptions` from the backend's settings and a level of graph optimisation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings["threads"]
    parallel = settings["execution_mode"] == "parallel"
    modes = onnxruntime.ExecutionMode
    options.execution_mode = modes.ORT_PARALLEL if parallel else modes.ORT_SEQUENTIAL
    # 0 would mean one thread for each core.
    options.inter_op_num_threads = settings["threads"] if parallel else 1
    options.graph_optimization_level = optimization_level(level)
    options.enable_cpu_mem_arena = settings["arena"]
    for name in entries.SPINNING:
        options.add_session_config_entry(name, entries.text(settings["spinning"]))
    for name, value in settings["session"].items():
        options.add_session_config_entry(name, entries.text(value))
    options.log_severity_level = 3
    return options


def optimization_level(word: str) -> Any:
    """ONNX Runtime's own value of a level. Raises Unsupported where this version has no such level."""
    known = onnxruntime.GraphOptimizationLevel.__members__
    if LEVELS[word] not in known:
        said = f"backend.graph_optimization={word}: ONNX Runtime {onnxruntime.__version__} has no such level."
        raise Unsupported(said, "Use backend.graph_optimization=all.")
    return known[LEVELS[word]]


def providers(wanted: str, own: dict[str, Any]) -> list[Any]:
    """The provider asked for with its `own` options, the CPU's behind it. Raises Unavailable where this build has it
    not."""
    offered = onnxruntime.get_available_providers()
    if wanted not in offered:
        raise provider.absent(wanted, offered)
    first, *others = provider.chain(wanted)
    return [(first, {name: entries.text(value) for name, value in own.items()}), *others]


def load(path: Path, options: Any, wanted: str, own: dict[str, Any]) -> Any:
    """An `onnxruntime.InferenceSession` on the provider asked for, with its `own` options.

    Raises ONNX Runtime's own error where the file is no ONNX graph, Unsupported where it refuses the graph, Unavailable
    where the provider doesn't start (ONNX Runtime falls back to the CPU without an error; from what is one, Python's
    class would fall back with a print, unless it is told not to).
    """
    chosen = providers(wanted, own)
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=chosen, enable_fallback=0)
    except RunnerError:
        raise
    except Exception as error:  # ONNX Runtime's own share no base class
        if type(error).__name__ in UNREADABLE or Path(path).name == SAVED:  # its own format names no nodes
            raise
        raise refused(error, Path(path)) from error
    if wanted not in session.get_providers():
        raise provider.stopped(wanted)
    return session


def refused(error: Exception, path: Path, doing: str = "load") -> Unsupported:
    """What ONNX Runtime said of a graph, with the node that it speaks of and the node's type."""
    said = said_by(error)
    node = refusal.node(str(error), refusal.nodes_of(path))
    what = f"node {node}" if node else "this model"
    return Unsupported(f"onnxruntime can't {doing} {what}: {said}", "Choose another backend, or export it otherwise.")


def said_by(error: Exception) -> str:
    """What is wrong, without the source position and C++ signature that ONNX Runtime puts before it, and without the
    nodes around the one that failed."""
    said = " ".join(str(error).split()).rsplit("failed:", 1)[-1].rsplit("Status Message:", 1)[-1].strip()
    said = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", said)
    return brief(said.rsplit(") ", 1)[-1] if said.startswith("/") else said)


class Session:
    """A loaded model; inputs and outputs are bound to memory beforehand, a run copies nothing, unless `io` says `copy`.

    Text, sequences, maps and optional inputs can't be bound, and ONNX Runtime's process ends where bound outputs of
    text are read (1.31): it copies them in every run. Memory of outputs whose sizes depend on the data, and of those
    that hand an input on (which it doesn't write), is ONNX Runtime's own.
    """

    def __init__(self, session: Any, copies: bool = False, entries_told: Iterable[str] = ()) -> None:
        self._session = session
        self.version = onnxruntime.__version__
        # Of another provider too: inputs and outputs are bound in host memory, and a run ends with the outputs there.
        self.memory = self.clock = HOST
        self.inputs = [_described(node) for node in session.get_inputs()]
        # An output that a file lists twice is one.
        self.outputs = list({node.name: _described(node) for node in session.get_outputs()}.values())
        self._names = [output["name"] for output in self.outputs]
        self._fixed = all(_sized(output) for output in self.outputs)
        self._fixed = self._fixed and not {spec["name"] for spec in self.inputs} & set(self._names)
        # Others' bound inputs are copied to their device when they are bound.
        self.rereads = copies or session.get_providers()[0] == provider.EVERYWHERE
        unbound = [spec for spec in (*self.inputs, *self.outputs) if not _bindable(spec["dtype"])]
        self._plain = copies or bool(unbound)
        self.warnings = [] if copies else [_copied(spec) for spec in unbound[:1]]
        self.run = self._run_plain if self._plain else self._run_fixed if self._fixed else self._run_open
        self.effective = {**_effective(session, entries_told), "io": "copy" if self._plain else "bind"}

    def bind(self, arrays: dict[str, Any]) -> Bound:
        """Arrays by input name, made ready; their memory is used as it is."""
        if self._plain:
            return Bound({spec["name"]: _plain(spec, arrays) for spec in self.inputs}, [], arrays)
        binding, kept = self._session.io_binding(), dict(arrays)
        for spec in self.inputs:
            name, dtype = spec["name"], spec["dtype"]
            if dtype in OWN_TYPES:
                kept[name] = values.packed(arrays[name], dtype)
                value = onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type
                binding.bind_ortvalue_input(name, value(kept[name], OWN_TYPES[dtype]))
            else:
                binding.bind_cpu_input(name, arrays[name])
        outputs = [_memory(spec) for spec in self.outputs] if self._fixed else []
        for spec, output in zip(self.outputs, outputs):  # noqa: B905 - not in Python 3.8
            kind = OWN_TYPES.get(spec["dtype"], output.dtype)
            binding.bind_output(spec["name"], "cpu", 0, kind, spec["shape"], output.ctypes.data)
        for spec in self.outputs[len(outputs) :]:
            binding.bind_output(spec["name"])
        return Bound(binding, outputs, kept)

    def _run_fixed(self, bound: Bound) -> list[Any]:
        self._session.run_with_iobinding(bound.binding)
        return bound.outputs  # type: ignore[no-any-return]

    def _run_open(self, bound: Bound) -> list[Any]:
        """ONNX Runtime allocates the outputs in each run."""
        self._session.run_with_iobinding(bound.binding)
        if any(spec["dtype"] in OWN_TYPES for spec in self.outputs):
            return [_read(value) for value in bound.binding.get_outputs()]
        return bound.binding.copy_outputs_to_cpu()  # type: ignore[no-any-return]

    def _run_plain(self, bound: Bound) -> list[Any]:
        return self._session.run(self._names, bound.binding)  # type: ignore[no-any-return]

    def profile(self, bound: Bound, iterations: int) -> dict[str, Any]:
        """As `contract.ProfiledSession`; once, of a session that was opened for it."""
        for _ in range(max(1, iterations // 10) + iterations):
            self.run(bound)
        file = Path(self.end_profiling())
        found = profiler.layers(profiler.events(str(file)), iterations)
        shutil.rmtree(str(file.parent))
        return found

    def end_profiling(self) -> str:
        """The file with what was profiled."""
        return self._session.end_profiling()  # type: ignore[no-any-return]

    def close(self) -> None:
        del self._session


def _described(node: Any) -> dict[str, Any]:
    return {"name": node.name, "shape": list(node.shape), "dtype": DTYPES.get(node.type, node.type)}


def _bindable(dtype: str) -> bool:
    return dtype in OWN_TYPES or (dtype in DTYPES.values() and dtype != values.TEXT)


def _copied(spec: dict[str, Any]) -> str:
    kind = "text" if spec["dtype"] == values.TEXT else spec["dtype"]
    return f"backend.io=bind: ONNX Runtime can't bind {spec['name']} ({kind}): each run copies all inputs and outputs"


def _sized(output: dict[str, Any]) -> bool:
    """Whether an output's memory can be made ready before a run. Of a narrow type two or four values share a byte;
    no sizes at all may be a scalar's, or nobody knows them: ONNX Runtime doesn't tell."""
    narrow, sizes = values.in_a_byte(output["dtype"]) > 1, output["shape"]
    return _bindable(output["dtype"]) and not narrow and bool(sizes) and all(isinstance(size, int) for size in sizes)


def _memory(output: dict[str, Any]) -> Any:
    return np.empty(output["shape"], values.stored(output["dtype"]))


def _plain(spec: dict[str, Any], arrays: dict[str, Any]) -> Any:
    """An input as `InferenceSession.run` takes it."""
    name = spec["name"]
    if spec["dtype"].startswith(SEQUENCE):
        count = sum(key.startswith(f"{name}/") for key in arrays)
        return [_objects(arrays[f"{name}/{index}"]) for index in range(count)]
    return _objects(arrays[name]) if name in arrays else None


def _objects(array: Any) -> Any:
    """ONNX Runtime wants text as objects."""
    return array.astype(object) if array.dtype.kind == "U" else array


def _read(value: Any) -> Any:
    """An OrtValue as numpy; bits of a type that numpy lacks."""
    name = DTYPES.get(value.data_type()) if value.is_tensor() else None
    if name not in OWN_TYPES:
        return value.numpy()
    shape = tuple(value.shape())
    size = -(-math.prod(shape) * np.dtype(values.stored(name)).itemsize // values.in_a_byte(name))
    return values.unpacked(np.frombuffer(ctypes.string_at(value.data_ptr(), size), np.uint8), name, shape)


def _effective(session: Any, entries_told: Iterable[str]) -> dict[str, Any]:
    options = session.get_session_options()
    told = {name: options.get_session_config_entry(name) for name in entries_told}
    return {
        "threads": options.intra_op_num_threads,
        "inter_op_threads": options.inter_op_num_threads,
        "execution_mode": options.execution_mode.name,
        "load_time_optimization": options.graph_optimization_level.name,
        "providers": session.get_providers(),
        "provider_options": session.get_provider_options(),
        "arena": options.enable_cpu_mem_arena,
        **({"spinning": told[entries.SPINNING[0]] == "1"} if entries.SPINNING[0] in told else {}),
        "session": {name: value for name, value in told.items() if name not in entries.SPINNING},
    }
