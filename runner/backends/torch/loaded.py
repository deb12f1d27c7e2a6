"""A network as it lies in a file: TorchScript, or a program that `torch.export` saved; and what it says of itself."""

from __future__ import annotations

import importlib
import json
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from runner.core.errors import Unsupported

PROGRAM = ".pt2"
ABOUT = "about.json"  # of a network of ours: its model and what it knows of the data
SAVE = "Save the network itself, by torch.export as .pt2 or as TorchScript."
KINDS = {
    torch.float64: "fp64",
    torch.float32: "fp32",
    torch.float16: "fp16",
    torch.bfloat16: "bf16",
    torch.int8: "int8",
    torch.uint8: "int8",
}


def read(path: Path) -> Any:
    """TorchScript as it was saved, but for training, which it doesn't do. Raises Unsupported where it is what
    `torch.save` leaves: no network without the code that built it."""
    if zipfile.is_zipfile(path) and not any(
        name.endswith("/constants.pkl") for name in zipfile.ZipFile(path).namelist()
    ):
        raise Unsupported("torch: no network is in it, weights or a pickle alone.", SAVE)
    with warnings.catch_warnings():
        # TorchScript is deprecated, but torch.export's graphs take 1.9 times as long for an LSTM (torch 2.13).
        warnings.filterwarnings("ignore", message=".*torch.jit", category=Warning)
        network = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        if getattr(network, "training", False):  # a frozen one has no word of it
            network.eval()
        return network


def scripted(network: Any) -> Any:
    """TorchScript ready to run."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit", category=Warning)
        return torch.jit.optimize_for_inference(network)


def library(path: Path) -> Any:
    """What inductor made."""
    import torch._export

    return torch._export.aot_load(str(path), "cpu")


def eager(folder: Path, channels_last: bool) -> Any:
    """A network of the project's own code with the weights that lie in the folder. Raises Unsupported on a device: the
    code doesn't travel."""
    try:
        # By its name alone, for that reason.
        checkpoint = importlib.import_module("runner.models.checkpoint")
    except ImportError as error:
        said = "backend.compiler=eager: the network's own code is not on this device."
        raise Unsupported(said, "Use backend.compiler=script.") from error
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    network = checkpoint.load(folder, **about)
    return network.to(memory_format=torch.channels_last) if channels_last else network


def exported(path: Path) -> Any:
    """A `torch.export.ExportedProgram`."""
    return torch.export.load(str(path))


def of_script(network: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(Inputs, outputs) of TorchScript, which names tensors and says neither their shapes nor their types: floats.

    Raises Unsupported where one is no tensor.
    """
    schema = network.forward.schema if hasattr(network.forward, "schema") else network.schema
    taken = [(one.name, one.type) for one in schema.arguments[1:]]  # the first is the network
    (given,) = schema.returns
    parts = given.type.elements() if given.type.kind() == "TupleType" else [given.type]
    names = ["y"] if len(parts) == 1 else [f"y{number}" for number in range(len(parts))]
    return [_unknown(*one) for one in taken], [_unknown(*one) for one in zip(names, parts)]  # noqa: B905 - Python 3.8


def _unknown(name: str, kind: Any) -> dict[str, Any]:
    if kind.kind() != "TensorType":
        raise Unsupported(f"torch: {name} of the network is a {kind}, no tensor.", "Wrap it: tensors in, tensors out.")
    return {"name": name, "shape": None, "dtype": "float32"}


def of_program(program: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(Inputs, outputs) of an exported program; open sizes are texts."""
    known = {node.name: node.meta.get("val") for node in program.graph.nodes}
    signature = program.graph_signature
    return [_port(one, known) for one in signature.user_inputs], [_port(one, known) for one in signature.user_outputs]


def _port(name: Any, known: dict[str, Any]) -> dict[str, Any]:
    value = known.get(name) if isinstance(name, str) else None
    if not isinstance(value, torch.Tensor):
        raise Unsupported(f"torch: {name} of the program is no tensor.", "Wrap it: tensors in, tensors out.")
    shape = [size if isinstance(size, int) else str(size) for size in value.shape]
    return {"name": name, "shape": shape, "dtype": str(value.dtype).replace("torch.", "")}


def precisions_of_script(network: Any) -> dict[str, dict[str, int]]:
    """What the modules hold their weights in; nothing of a frozen network, whose weights are constants."""
    parts = [(module.original_name, next(module.parameters(recurse=False), None)) for module in network.modules()]
    return _counted([(name, weight.dtype) for name, weight in parts if weight is not None])


def precisions_of_program(program: Any) -> dict[str, dict[str, int]]:
    """What the operators give."""
    found = []
    for node in program.graph.nodes:
        value = node.meta.get("val")
        value = value[0] if isinstance(value, (tuple, list)) and value else value  # a GRU's output and state
        if node.op == "call_function" and str(node.target).startswith("aten.") and isinstance(value, torch.Tensor):
            found.append((str(node.target).split(".")[1], value.dtype))
    return _counted(found)


def _counted(found: list[tuple[str, Any]]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for name, dtype in found:
        if dtype in KINDS:
            counts.setdefault(name, Counter())[KINDS[dtype]] += 1
    return {name: dict(count) for name, count in sorted(counts.items())}
