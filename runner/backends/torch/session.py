"""PyTorch's session: a frozen TorchScript network or a library of inductor's, loaded without the code that built it;
or a network as its own code runs it."""

from __future__ import annotations

import json
from collections import namedtuple
from pathlib import Path
from typing import Any

import torch

from runner.backends.contract import HOST
from runner.backends.torch import LIBRARY, loaded, profiler
from runner.core.errors import Unsupported

FILE = "model.ts"
BUILT = ("model.pt2", "model.pt")  # as users' files are called; one of theirs may be called as ours
EAGER = "network"  # a folder: weights, and whose they are
SIGNATURE = "signature.json"

Bound = namedtuple("Bound", ["inputs", "arrays"])


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The compiled model in `folder`; `options` are the backend's settings."""
    return Session(Path(folder), options)


def open_profiled(folder: str, options: dict[str, Any]) -> Session:
    """As `open_session`: the profiler is on in `profile` alone."""
    return open_session(folder, options)


class Session:
    """A loaded network; outputs are views of torch's own memory."""

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        torch.set_num_threads(options["threads"])
        # For the whole process: a context manager in each run would be timed with it.
        torch.set_grad_enabled(False)
        self._network, self.inputs, self.outputs = _opened(folder, options)
        self.version = torch.__version__
        self.memory = self.clock = HOST
        self.rereads = True
        self.effective = {
            "threads": torch.get_num_threads(),
            "interop_threads": torch.get_num_interop_threads(),
            "compiler": options["compiler"],
        }

    def bind(self, arrays: dict[str, Any]) -> Bound:
        """Arrays by input name as tensors on the same memory, in the network's order. Raises Unsupported where sizes
        are not the network's: a frozen one reads beyond its input, and answers."""
        ordered = [arrays[spec["name"]] for spec in self.inputs]
        for spec, array in zip(self.inputs, ordered):  # noqa: B905 - not in Python 3.8
            _check_sizes(spec, array)
        return Bound([torch.from_numpy(array) for array in ordered], ordered)

    def run(self, bound: Bound) -> list[Any]:
        found = self._network(*bound.inputs)
        return [one.numpy() for one in (found if isinstance(found, (tuple, list)) else (found,))]

    def profile(self, bound: Bound, iterations: int) -> dict[str, Any]:
        """As `contract.ProfiledSession`. Raises Unsupported of a library of inductor's: PyTorch's profiler sees how its
        memory is made, and none of its kernels."""
        if self.effective["compiler"] == "inductor":
            raise Unsupported("PyTorch's profiler sees no kernel of inductor's.", "Measure it without: profile=none.")
        for _ in range(max(1, iterations // 10)):
            self.run(bound)
        return profiler.layers(profiler.traced(lambda: self.run(bound), iterations))

    def close(self) -> None:
        del self._network


def _opened(folder: Path, options: dict[str, Any]) -> tuple[Any, Any, Any]:
    """(The network, its inputs, its outputs). Only a program of torch.export knows their sizes: those of others are in
    its signature, which is not there yet where a user's file is opened for the first time."""
    path, signature = file_in(folder), folder / SIGNATURE
    if options["compiler"] != "script":  # what is code is opened where the spec asks for it, whatever lies there
        known = json.loads(signature.read_text(encoding="utf-8"))
        return _compiled(folder, options), known["inputs"], known["outputs"]
    if path.suffix == loaded.PROGRAM:
        program = loaded.exported(path)
        return (program.module(), *loaded.of_program(program))
    network = loaded.read(path)
    if not signature.is_file():
        return (network, *loaded.of_script(network))
    known = json.loads(signature.read_text(encoding="utf-8"))
    return loaded.scripted(network), known["inputs"], known["outputs"]


def _check_sizes(spec: dict[str, Any], array: Any) -> None:
    known, sizes = spec["shape"], list(array.shape)
    if known is None or [one if isinstance(own, int) else own for own, one in zip(known, sizes)] == known:  # noqa: B905
        return
    said = f"torch: input {spec['name']} has the sizes {known} in the network, and {sizes} were given."
    raise Unsupported(said, "Give the sizes that the network is built for.")


def _compiled(folder: Path, options: dict[str, Any]) -> Any:
    if options["compiler"] == "inductor":
        return loaded.library(folder / LIBRARY)
    return loaded.eager(folder / EAGER, options["channels_last"])


def file_in(folder: Path) -> Path:
    """The network's file, ours or the user's."""
    return next((folder / name for name in BUILT if (folder / name).is_file()), folder / FILE)
