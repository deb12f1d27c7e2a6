"""PyTorch's session: a frozen TorchScript network, loaded without the code that built it."""

from __future__ import annotations

import json
import warnings
from collections import namedtuple
from pathlib import Path
from typing import Any

import torch

from runner.backends.contract import HOST

FILE = "model.ts"
SIGNATURE = "signature.json"

Bound = namedtuple("Bound", ["inputs", "arrays"])


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The compiled model in `folder`; `options` are the backend's settings (threads)."""
    return Session(Path(folder), options["threads"])


class Session:
    """A loaded network; outputs are views of torch's own memory."""

    def __init__(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        # For the whole process: a context manager in each run would be timed with it.
        torch.set_grad_enabled(False)
        self._network = _load(folder / FILE)
        signature = json.loads((folder / SIGNATURE).read_text(encoding="utf-8"))
        self.inputs, self.outputs = signature["inputs"], signature["outputs"]
        self.version = torch.__version__
        self.memory = self.clock = HOST
        self.effective = {"threads": torch.get_num_threads(), "interop_threads": torch.get_num_interop_threads()}

    def bind(self, arrays: dict[str, Any]) -> Bound:
        """Arrays by input name as tensors on the same memory, in the network's order."""
        ordered = [arrays[spec["name"]] for spec in self.inputs]
        return Bound([torch.from_numpy(array) for array in ordered], ordered)

    def run(self, bound: Bound) -> list[Any]:
        return [self._network(*bound.inputs).numpy()]

    def close(self) -> None:
        del self._network


def _load(path: Path) -> Any:
    with warnings.catch_warnings():
        # TorchScript is deprecated, but torch.export's graphs take 1.9 times as long for an LSTM (torch 2.13).
        warnings.filterwarnings("ignore", message=".*torch.jit", category=Warning)
        network = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        return torch.jit.optimize_for_inference(network)
