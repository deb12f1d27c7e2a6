"""Compiles for PyTorch: the trained network traced for one batch, weights frozen into the file."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.ao.nn.quantized import dynamic

from runner.backends import compile_checks
from runner.backends.torch.session import FILE, SIGNATURE, open_session
from runner.core.job import Job
from runner.data import arrays
from runner.models import checkpoint

OUTPUT = "y"  # what the export step calls a network's output
QUANTISED = (nn.LSTM, nn.GRU, nn.Linear)


def compile(job: Job) -> dict[str, Any]:
    """Writes `model.ts` (TorchScript) and `signature.json`; compares it with the network that it came from."""
    network = checkpoint.load(job.inputs["model"], job.settings["model"], arrays.read_meta(job.inputs["data"]))
    network.requires_grad_(False)
    notes = []
    if job.settings["precision"] == "int8_dynamic":
        network = quantised(network)
        notes = ["torch.ao.quantization is deprecated by its makers: int8_dynamic may leave torch after 2.13"]
    feed = compile_checks.real_feed(job.inputs["data"], job.settings["batch"])
    inputs = {name: torch.from_numpy(array) for name, array in feed.items()}
    expected = network(*inputs.values()).numpy()
    _save(network, inputs, expected, job.out)
    session = open_session(str(job.out), dict(job.settings["settings"]))
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


def _save(network: nn.Module, inputs: dict[str, torch.Tensor], expected: Any, out: Path) -> None:
    with warnings.catch_warnings():
        # Of TorchScript's age (see session.py), and that the batch is fixed by tracing, which is what is wanted.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, tuple(inputs.values()))  # type: ignore[no-untyped-call]
        torch.jit.save(torch.jit.freeze(traced), str(out / FILE))
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
