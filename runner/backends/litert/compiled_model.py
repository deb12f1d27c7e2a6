"""LiteRT's newer interface, `CompiledModel`: it fills buffers of its own, runs, and empties others. What
`litert-benchmark` times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.backends.contract import HOST
from runner.backends.litert import COMPILED_MODEL, LAST, ports, threads
from runner.core.errors import Unavailable, Unsupported
from runner.core.foreign_text import brief


class CompiledModelSession:
    """A loaded model. As the interpreter's session it copies inputs in and outputs out in each run, and takes floats
    for the integers of a model that was quantised here.

    `file`: an interpreter of the same file, which knows what goes in and out; nothing runs there.
    """

    def __init__(self, path: Path, options: dict[str, Any], file: Any, version: str, as_built: bool) -> None:
        self._api = _imported()
        self.version, self.memory, self.clock = version, HOST, HOST
        self._inputs, self._outputs = ports.ports(file, as_built, options["channels"] == LAST)
        self.inputs = [port.spec for port in self._inputs]
        self.outputs = [port.spec for port in self._outputs]
        before = threads.alive()
        self._model = self._opened(path, options)
        started = threads.alive() - before
        self._key = next(iter(self._model.get_signature_list()))
        self.effective = {
            "api": COMPILED_MODEL,
            # XNNPACK starts its threads at once; the kernels that are built in start theirs in a run.
            "threads": 1 + started if started or options["threads"] == 1 else options["threads"],
            "fully_accelerated": self._model.is_fully_accelerated(),
        }
        self._take_buffers()

    def _opened(self, path: Path, options: dict[str, Any]) -> Any:
        api = self._api
        mode = api.CpuKernelMode.DELEGATE if options["xnnpack"] else api.CpuKernelMode.BUILTIN
        cpu = api.CpuOptions(num_threads=options["threads"], kernel_mode=mode)
        asked = api.Options(hardware_accelerators=api.HardwareAccelerator.CPU, cpu_options=cpu)
        try:
            return api.CompiledModel.from_file(str(path), options=asked)
        except RuntimeError as error:  # the file is sound, for an interpreter has opened it
            said = brief(str(error))
            raise Unsupported(f"litert can't run this model: {said}", "Try backend.api=interpreter") from error

    def _take_buffers(self) -> None:
        """Buffers for the sizes that the inputs have now, and the sizes of what goes in and comes out."""
        self._into, self._out_of = self._model.create_input_buffers(0), self._model.create_output_buffers(0)
        self._sizes = _by_place(self._model.get_input_tensor_details(self._key))
        self._results = _by_place(self._model.get_output_tensor_details(self._key))

    def bind(self, arrays: dict[str, Any]) -> list[tuple[Any, Any]]:
        """(Buffer, array) of each input, in the file's own types; an open size becomes the array's."""
        given = [(port.index, ports.inside(arrays[port.spec["name"]], port)) for port in self._inputs]
        other = [(index, array.shape) for index, array in given if list(array.shape) != self._sizes[index]["shape"]]
        places = list(self._sizes)
        for index, shape in other:
            self._model.resize_input_tensor(places.index(index), list(shape))
        if other:
            self._take_buffers()
        return [(self._into[places.index(index)], array) for index, array in given]

    def run(self, bound: list[tuple[Any, Any]]) -> list[Any]:
        """The outputs, copies of the model's."""
        for buffer, array in bound:
            buffer.write(array)
        self._model.run_by_index(0, self._into, self._out_of)
        read = dict(zip(self._results, self._out_of))  # noqa: B905 - not in Python 3.8: it travels
        return [ports.outside(self._read(read[port.index], port.index), port) for port in self._outputs]

    def _read(self, buffer: Any, index: int) -> Any:
        shape, dtype = self._results[index]["shape"], self._results[index]["dtype"]
        count = 1
        for size in shape:
            count *= size
        return buffer.read(count, dtype).reshape(shape)

    def close(self) -> None:
        del self._into, self._out_of
        self._model.close()


def _by_place(details: dict[str, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """By the tensor's place in the file, in the order of the model's buffers."""
    return {one["index"]: one for one in details.values()}


def _imported() -> Any:
    """Its module. Raises Unavailable where the runtime is the older one."""
    try:
        from ai_edge_litert import compiled_model  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        reason = "backend.api=compiled_model: this runtime has the interpreter alone."
        raise Unavailable(reason, "pip install 'ai-edge-litert>=2', or use backend.api=interpreter") from error
    return compiled_model
