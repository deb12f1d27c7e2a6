"""LiteRT's session (TensorFlow Lite): the interpreter of `ai-edge-litert`, or a device's own `tflite-runtime`."""

from __future__ import annotations

import json
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np

try:
    from ai_edge_litert import interpreter as litert  # type: ignore[import-not-found,import-untyped,unused-ignore]
except ImportError:
    from tflite_runtime import interpreter as litert  # type: ignore[import-not-found,unused-ignore]

from runner.backends.contract import AS_BUILT, HOST
from runner.backends.litert import nodes
from runner.core import installed
from runner.core.errors import Unavailable, Unsupported

FILE = "model.tflite"
DISTRIBUTIONS = ("ai-edge-litert", "tflite-runtime")
# The options with which a file is opened to look at it.
PLAIN: dict[str, Any] = {"threads": 1, "xnnpack": True, "delegate": None, "delegate_options": {}}
OPEN = "batch"  # what a free first axis is called
TASKS = Path("/proc/self/task")  # a folder for each thread of this process

# One input or output of the interpreter: its place there, how it is described, and the scale and zero point by which
# its integers stand for the floats that it is described as (None: it is described as it is).
Port = namedtuple("Port", ["index", "spec", "scale"])


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The model in `folder`; `options` are the backend's settings (threads, xnnpack, delegate, delegate_options)."""
    precision = json.loads((Path(folder) / "session.json").read_text(encoding="utf-8"))["precision"]
    return Session(Path(folder) / FILE, options, as_built=precision == AS_BUILT)


class Session:
    """A loaded model. A run copies the inputs into the interpreter and the outputs out of it: it owns its tensors.

    Integer inputs and outputs of a model that was quantised here are floats outside: `bind` quantises, `run` gives
    floats back. Those of a file that is built already are what the file says.
    """

    def __init__(self, path: Path, options: dict[str, Any], as_built: bool) -> None:
        self._delegates = _delegates(options)
        kinds = litert.OpResolverType
        self._interpreter = litert.Interpreter(
            model_path=str(path),
            num_threads=options["threads"],
            experimental_delegates=self._delegates,
            experimental_op_resolver_type=kinds.AUTO if options["xnnpack"] else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self.version = next(filter(None, map(installed.version, DISTRIBUTIONS)), "unknown")
        self.memory = self.clock = HOST
        before, threads = nodes.executed(self._interpreter), _threads()
        self._allocate()
        started = _threads() - threads
        self.nodes = nodes.by_runner(self._interpreter, before)
        self.signatures = self._interpreter.get_signature_list()
        self._inputs, self._outputs = _ports(self._interpreter, as_built)
        self.inputs = [port.spec for port in self._inputs]
        self.outputs = [port.spec for port in self._outputs]
        self.effective = {
            # XNNPACK starts its threads when it takes operators; the kernels that are built in start theirs in a run.
            "threads": 1 + started if nodes.taken(self.nodes, nodes.XNNPACK) else options["threads"],
            "nodes": nodes.counted(self.nodes),
        }

    def _allocate(self) -> None:
        try:
            self._interpreter.allocate_tensors()
        except RuntimeError as error:  # the file is sound; what it holds can't run here
            said = " ".join(str(error).split())[:300]
            raise Unsupported(f"litert can't run this model: {said}", "Choose another backend for it.") from error

    def bind(self, arrays: dict[str, Any]) -> list[tuple[int, Any]]:
        """(Place, array) of each input, in the interpreter's own types; an open size becomes the array's."""
        given = [(port.index, _quantised(arrays[port.spec["name"]], port)) for port in self._inputs]
        sizes = {details["index"]: tuple(details["shape"]) for details in self._interpreter.get_input_details()}
        other = [(index, array.shape) for index, array in given if array.shape != sizes[index]]
        for index, shape in other:
            self._interpreter.resize_tensor_input(index, shape, strict=True)
        if other:
            self._allocate()
        return given

    def run(self, bound: list[tuple[int, Any]]) -> list[Any]:
        """The outputs, copies of the interpreter's."""
        interpreter = self._interpreter
        for index, array in bound:
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return [_floats(interpreter.get_tensor(port.index), port) for port in self._outputs]

    def close(self) -> None:
        del self._interpreter


def _delegates(options: dict[str, Any]) -> list[Any]:
    """The delegate's library, loaded. Raises Unavailable where that doesn't work."""
    path = options["delegate"]
    if path is None:
        return []
    try:
        return [litert.load_delegate(path, dict(options["delegate_options"]))]
    except (OSError, ValueError, AttributeError) as error:  # no library, no device, no delegate
        said = " ".join(str(error).split())[:200] or "it doesn't start"
        raise Unavailable(
            f"backend.delegate={path}: {said}", "Name a delegate's library, such as libedgetpu.so.1, or null."
        ) from error


def _threads() -> int:
    """How many threads this process has; 0 where the system doesn't tell."""
    return len(list(TASKS.iterdir())) if TASKS.is_dir() else 0


def _ports(interpreter: Any, as_built: bool) -> tuple[list[Port], list[Port]]:
    """(Inputs, outputs), by the names of the file's signature where it has one alone, else by its tensors' names."""
    signatures = list(interpreter._get_full_signature_list().values())
    known = signatures[0] if len(signatures) == 1 else {"inputs": {}, "outputs": {}}
    given = (("inputs", interpreter.get_input_details()), ("outputs", interpreter.get_output_details()))
    inputs, outputs = ([_port(one, known[role], as_built) for one in details] for role, details in given)
    return inputs, outputs


def _port(details: dict[str, Any], names: dict[str, int], as_built: bool) -> Port:
    own = {index: name for name, index in names.items()}
    name = own.get(details["index"], details["name"])
    signature = details["shape_signature"].tolist() if len(details["shape_signature"]) else details["shape"].tolist()
    shape = [size if size >= 0 else (OPEN if place == 0 else f"d{place}") for place, size in enumerate(signature)]
    dtype = np.dtype(details["dtype"])
    scale, zero = details["quantization"]
    hidden = not as_built and scale and dtype.kind in "iu"
    spec = {"name": name, "shape": shape, "dtype": "float32" if hidden else dtype.name}
    if OPEN in shape[:1]:
        spec["usual"] = details["shape"].tolist()
    return Port(details["index"], spec, (np.float32(scale), zero, dtype) if hidden else None)


def _quantised(array: Any, port: Port) -> Any:
    """Floats as the integers that stand for them."""
    if port.scale is None:
        return array
    scale, zero, dtype = port.scale
    limits = np.iinfo(dtype)
    return np.clip(np.rint(array / scale) + zero, limits.min, limits.max).astype(dtype)


def _floats(array: Any, port: Port) -> Any:
    """The floats that integers stand for."""
    if port.scale is None:
        return array
    scale, zero, _ = port.scale
    return (array.astype(np.float32) - zero) * scale
