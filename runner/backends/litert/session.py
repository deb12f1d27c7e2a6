"""LiteRT's session (TensorFlow Lite): the interpreter of `ai-edge-litert`, or a device's own `tflite-runtime`."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

try:
    from ai_edge_litert import interpreter as litert  # type: ignore[import-not-found,import-untyped,unused-ignore]
except ModuleNotFoundError as missing:
    if missing.name != "ai_edge_litert":  # it is here, and lacks something
        raise
    try:
        from tflite_runtime import interpreter as litert  # type: ignore[import-not-found,unused-ignore]
    except ModuleNotFoundError as neither:
        raise ModuleNotFoundError(f"{missing}, nor 'tflite_runtime'", name=neither.name) from None

from runner.backends.contract import AS_BUILT, HOST
from runner.backends.litert import COMPILED_MODEL, FIRST, LAST, nodes, ports, threads
from runner.backends.litert.compiled_model import CompiledModelSession
from runner.core import installed
from runner.core.errors import Unavailable, Unsupported
from runner.core.foreign_text import brief

FILE = "model.tflite"
DISTRIBUTIONS = ("ai-edge-litert", "tflite-runtime")
# The smallest `.tflite` that there is: nothing goes in, nothing is done, nothing comes out.
EMPTY = (
    "GAAAAFRGTDMAAA4AFAAQAAwACAAAAAQADgAAABAAAAAcAAAAUAAAAAMAAAABAAAACAAAAAQABAAEAAAAAQAAABAAAAAM"
    "ABQAEAAMAAgABAAMAAAAEAAAABAAAAAQAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
# The options with which a file is opened to look at it.
PLAIN: dict[str, Any] = {"threads": 1, "xnnpack": True, "delegate": None, "delegate_options": {}, "channels": FIRST}


def touch() -> None:
    """Opens a model: that LiteRT was built for another numpy shows there alone."""
    litert.Interpreter(model_content=base64.b64decode(EMPTY))


def open_session(folder: str, options: dict[str, Any]) -> Session | CompiledModelSession:
    """The model in `folder`; `options` are the backend's settings (api, threads, xnnpack, delegate, …)."""
    precision = json.loads((Path(folder) / "session.json").read_text(encoding="utf-8"))["precision"]
    file, as_built = Path(folder) / FILE, precision == AS_BUILT
    if options["api"] == COMPILED_MODEL:
        return CompiledModelSession(file, options, _looked_at(file), _version(), as_built)
    return Session(file, options, as_built)


def _looked_at(file: Path) -> Any:
    """An interpreter that runs nothing, so it starts no kernels of its own."""
    return litert.Interpreter(str(file), experimental_op_resolver_type=_resolver(xnnpack=False))


def _resolver(xnnpack: bool) -> Any:
    kinds = litert.OpResolverType
    return kinds.AUTO if xnnpack else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES


def _version() -> str:
    return next(filter(None, map(installed.version, DISTRIBUTIONS)), "unknown")


class Session:
    """A loaded model. A run copies the inputs into the interpreter and the outputs out of it: it owns its tensors.

    Integer inputs and outputs of a model that was quantised here are floats outside: `bind` quantises, `run` gives
    floats back. So are images whose channels stand last in the file. Those of a file that is built already are what the
    file says.
    """

    def __init__(self, path: Path, options: dict[str, Any], as_built: bool) -> None:
        self._delegates = _delegates(options)
        self._interpreter = litert.Interpreter(
            model_path=str(path),
            num_threads=options["threads"],
            experimental_delegates=self._delegates,
            experimental_op_resolver_type=_resolver(options["xnnpack"]),
        )
        self.version = _version()
        self.memory = self.clock = HOST
        before, running = nodes.executed(self._interpreter), threads.alive()
        self._allocated = self._allocates()
        started = threads.alive() - running
        self.nodes = nodes.by_runner(self._interpreter, before) if self._allocated else []
        self.signatures = self._interpreter.get_signature_list()
        self._inputs, self._outputs = ports.ports(self._interpreter, as_built, options["channels"] == LAST)
        self.inputs = [port.spec for port in self._inputs]
        self.outputs = [port.spec for port in self._outputs]
        self.effective = {
            # XNNPACK starts its threads when it takes operators; the kernels that are built in start theirs in a run.
            "threads": 1 + started if nodes.taken(self.nodes, nodes.XNNPACK) else options["threads"],
            "nodes": nodes.counted(self.nodes),
        }

    def _allocates(self) -> bool:
        """Whether its memory is laid out: not where the sizes that stand for those that the file leaves open are none
        with which it runs. Then the first inputs decide. Raises Unsupported where all sizes are known."""
        try:
            self._allocate()
        except Unsupported:
            if not any(-1 in details["shape_signature"] for details in self._interpreter.get_input_details()):
                raise
            return False
        return True

    def _allocate(self) -> None:
        try:
            self._interpreter.allocate_tensors()
        except RuntimeError as error:  # the file is sound; what it holds can't run here
            said = brief(str(error))
            raise Unsupported(f"litert can't run this model: {said}", "Choose another backend for it.") from error

    def bind(self, arrays: dict[str, Any]) -> list[tuple[int, Any]]:
        """(Place, array) of each input, in the interpreter's own types; an open size becomes the array's."""
        given = [(port.index, ports.inside(arrays[port.spec["name"]], port)) for port in self._inputs]
        sizes = {details["index"]: tuple(details["shape"]) for details in self._interpreter.get_input_details()}
        other = [(index, array.shape) for index, array in given if array.shape != sizes[index]]
        for index, shape in other:
            self._interpreter.resize_tensor_input(index, shape, strict=True)
        if other or not self._allocated:
            self._allocate()
            self._allocated = True
        return given

    def run(self, bound: list[tuple[int, Any]]) -> list[Any]:
        """The outputs, copies of the interpreter's."""
        interpreter = self._interpreter
        for index, array in bound:
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return [ports.outside(interpreter.get_tensor(port.index), port) for port in self._outputs]

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
        said = brief(str(error)) or "it doesn't start"
        raise Unavailable(
            f"backend.delegate={path}: {said}", "Name a delegate's library, such as libedgetpu.so.1, or null."
        ) from error
