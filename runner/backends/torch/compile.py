"""Compiles for PyTorch: the trained network for one batch, as its own code runs it, as TorchScript or as C++."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.ao.nn.quantized import dynamic

from runner.backends import compile_checks
from runner.backends.torch import loaded
from runner.backends.torch.session import EAGER, FILE, LIBRARY, SIGNATURE, open_session
from runner.core.errors import Unsupported
from runner.core.job import Job
from runner.data import arrays
from runner.models import checkpoint

OUTPUT = "y"  # what the export step calls a network's output
Inputs = dict[str, torch.Tensor]
QUANTISED = (nn.LSTM, nn.GRU, nn.Linear)


def compile(job: Job) -> dict[str, Any]:
    """Writes the network as `backend.compiler` says, and `signature.json`; compares it with the network that it came
    from. Raises Unsupported with torch's words where inductor can't compile it."""
    settings = dict(job.settings["settings"])
    network = checkpoint.load(job.inputs["model"], job.settings["model"], arrays.read_meta(job.inputs["data"]))
    network.requires_grad_(False)
    notes = channels_last(network) if settings["channels_last"] else []
    if job.settings["precision"] == "int8_dynamic":
        network = quantised(network)
        notes += ["torch.ao.quantization is deprecated by its makers: int8_dynamic may leave torch after 2.13"]
    feed = compile_checks.real_feed(job.inputs["data"], job.settings["batch"])
    inputs = {name: torch.from_numpy(array) for name, array in feed.items()}
    expected = network(*inputs.values()).numpy()
    SAVES[settings["compiler"]](network, inputs, job)
    _sign(inputs, expected, job.out)
    session = open_session(str(job.out), settings)
    error = compile_checks.compared(session, feed, [expected], job.settings["precision"])
    return {
        "version": session.version,
        "effective": precisions(network),
        "fallback": {},
        "max_abs_error_of_optimisation": error,
        "warnings": notes,
    }


def quantised(network: nn.Module) -> nn.Module:
    """LSTM, GRU and Linear with int8 weights, activations quantised as they come (torch.ao.quantization)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        quantize: Any = torch.ao.quantization.quantize_dynamic
        module: nn.Module = quantize(network, set(QUANTISED), dtype=torch.qint8)
        return module


def channels_last(network: nn.Module) -> list[str]:
    """The network's weights of four axes laid out so, in place; a line where it has none."""
    if not any(weight.dim() == 4 for weight in network.parameters()):
        return ["backend.channels_last=true changes nothing: the network has no weights of four axes"]
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return []


def _script(network: nn.Module, inputs: Inputs, job: Job) -> None:
    """Frozen TorchScript."""
    with warnings.catch_warnings():
        # Of TorchScript's age (see session.py), and that the batch is fixed by tracing, which is what is wanted.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, tuple(inputs.values()))  # type: ignore[no-untyped-call]
        torch.jit.save(torch.jit.freeze(traced), str(job.out / FILE))


def _eager(network: nn.Module, inputs: Inputs, job: Job) -> None:
    """The weights, and which network they are of: its code is the project's, and stays there."""
    folder = job.out / EAGER
    folder.mkdir()
    checkpoint.save(network, folder)
    about = {"model": job.settings["model"], "data_meta": arrays.read_meta(job.inputs["data"])}
    (folder / loaded.ABOUT).write_text(json.dumps(about) + "\n", encoding="utf-8")


def _inductor(network: nn.Module, inputs: Inputs, job: Job) -> None:
    """A library that inductor makes of the network ahead of time, with its weights; threads are chosen when it runs."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(job.scratch / "inductor")
    import torch._inductor

    library, feed = job.scratch / "made" / LIBRARY, tuple(inputs.values())
    library.parent.mkdir(parents=True, exist_ok=True)
    options = {"aot_inductor.output_path": str(library), "cpp.dynamic_threads": True, "compile_threads": 1}
    try:
        program: Any = torch.export.export(network, feed).module()
        torch._inductor.aot_compile(program, feed, options=options)
    except Exception as error:  # torch's own share no base class
        said = " ".join(str(error).split())[:300]
        advice = "Use backend.compiler=script."
        raise Unsupported(f"torch's inductor can't compile the network: {said}", advice) from error
    shutil.copyfile(library, job.out / LIBRARY)


SAVES: Mapping[str, Callable[[nn.Module, Inputs, Job], None]] = {
    "eager": _eager,
    "script": _script,
    "inductor": _inductor,
}


def _sign(inputs: Inputs, expected: Any, out: Path) -> None:
    signature = {
        "inputs": [{"name": name, "shape": list(x.shape), "dtype": "float32"} for name, x in inputs.items()],
        "outputs": [{"name": OUTPUT, "shape": list(expected.shape), "dtype": str(expected.dtype)}],
    }
    (out / SIGNATURE).write_text(json.dumps(signature, indent=1) + "\n", encoding="utf-8")


def precisions(network: nn.Module) -> dict[str, dict[str, int]]:
    """`{module type: {precision: modules}}` of the modules that hold weights."""
    counts: dict[str, Counter[str]] = {}
    for module in network.modules():
        name = type(module).__name__
        if isinstance(module, (dynamic.LSTM, dynamic.GRU, dynamic.Linear)):
            counts.setdefault(name, Counter())["int8"] += 1
        elif next(module.parameters(recurse=False), None) is not None:
            counts.setdefault(name, Counter())["fp32"] += 1
    return {kind: dict(count) for kind, count in sorted(counts.items())}
