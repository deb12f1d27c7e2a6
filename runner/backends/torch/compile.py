"""Compiles for PyTorch: the trained network for one batch, as its own code runs it, as TorchScript or as C++."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from runner.backends import compile_checks
from runner.backends.torch import LIBRARY, QUANTISED, loaded, pt2e, quantization
from runner.backends.torch.quantization import Counts
from runner.backends.torch.session import EAGER, FILE, SIGNATURE, open_session
from runner.core.errors import RunnerError, Unsupported
from runner.core.foreign_text import brief
from runner.core.job import Job
from runner.data import arrays, calibration_set
from runner.models import checkpoint

OUTPUT = "y"  # what the export step calls a network's output
Inputs = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Made:
    """What the network that was saved answers to the real inputs, before any compiler, and in which precision its heavy
    parts are."""

    expected: Any
    effective: Counts


def compile(job: Job) -> dict[str, Any]:
    """Writes the network as `backend.compiler` says, and `signature.json`; compares it with the network that it came
    from. Raises Unsupported with torch's words where inductor can't compile it."""
    settings = dict(job.settings["settings"])
    network = checkpoint.load(job.inputs["model"], job.settings["model"], arrays.read_meta(job.inputs["data"]))
    network.requires_grad_(False)
    notes = channels_last(network) if settings["channels_last"] else []
    feed = compile_checks.real_feed(job.inputs["data"], job.settings["batch"])
    inputs = {name: torch.from_numpy(array) for name, array in feed.items()}
    made = SAVES[settings["compiler"]](network, inputs, job)
    _sign(inputs, made.expected, job.out)
    session = open_session(str(job.out), settings)
    error = compile_checks.compared(session, feed, [made.expected], job.settings["precision"])
    return {
        "version": session.version,
        "effective": made.effective,
        "fallback": {},
        "max_abs_error_of_optimisation": error,
        "warnings": [*notes, *_said(job)],
    }


def _said(job: Job) -> list[str]:
    """What the record has to say of its precision."""
    precision = job.settings["precision"]
    script = job.settings["settings"]["compiler"] == "script"
    deprecated = [quantization.DEPRECATED] if script and precision in QUANTISED else []
    return [*deprecated, *(calibration_set.notes(job.inputs["data"]) if precision == "int8" else [])]


def _in_precision(network: nn.Module, job: Job) -> nn.Module:
    if job.settings["precision"] == "int8_dynamic":
        return quantization.dynamic(network)
    if job.settings["precision"] == "int8":
        return quantization.static(network, job.inputs["data"], job.settings["precision_settings"])
    return network


def channels_last(network: nn.Module) -> list[str]:
    """The network's weights of four axes laid out so, in place; a line where it has none."""
    if not any(weight.dim() == 4 for weight in network.parameters()):
        return ["backend.channels_last=true changes nothing: the network has no weights of four axes"]
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return []


def _script(network: nn.Module, inputs: Inputs, job: Job) -> Made:
    """Frozen TorchScript."""
    made, feed = _in_precision(network, job), tuple(inputs.values())
    with warnings.catch_warnings():
        # Of TorchScript's age (see session.py), and that the batch is fixed by tracing, which is what is wanted.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(made, feed)  # type: ignore[no-untyped-call]
        torch.jit.save(torch.jit.freeze(traced), str(job.out / FILE))
    return Made(made(*feed).numpy(), quantization.precisions(made))


def _eager(network: nn.Module, inputs: Inputs, job: Job) -> Made:
    """The weights, and which network they are of: its code is the project's, and stays there."""
    folder = job.out / EAGER
    folder.mkdir()
    checkpoint.save(network, folder)
    about = {"model": job.settings["model"], "data_meta": arrays.read_meta(job.inputs["data"])}
    (folder / loaded.ABOUT).write_text(json.dumps(about) + "\n", encoding="utf-8")
    return Made(network(*inputs.values()).numpy(), quantization.precisions(network))


def _inductor(network: nn.Module, inputs: Inputs, job: Job) -> Made:
    """A library that inductor makes of the network ahead of time, with its weights; threads are chosen when it runs."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(job.scratch / "inductor")
    import torch._inductor

    feed, narrow = tuple(inputs.values()), job.settings["precision"] in QUANTISED
    library = job.scratch / "made" / LIBRARY
    library.parent.mkdir(parents=True, exist_ok=True)
    options = {"aot_inductor.output_path": str(library), "cpp.dynamic_threads": True, "compile_threads": 1}
    with _told(), torch.no_grad():  # nothing is frozen where gradients may be asked for
        program: Any = pt2e.quantised(network, inputs, job) if narrow else torch.export.export(network, feed).module()
        expected = program(*feed).numpy()
        # Weights are laid out for int8 kernels where they are frozen, and not before.
        torch._inductor.aot_compile(program, feed, options={**options, "freezing": narrow})
    shutil.copyfile(library, job.out / LIBRARY)
    counts = pt2e.precisions(network, inputs, library.parent) if narrow else quantization.precisions(network)
    return Made(expected, counts)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RunnerError:
        raise
    except Exception as error:  # torch's own share no base class
        reason = f"torch's inductor can't compile the network: {brief(str(error))}"
        raise Unsupported(reason, "Use backend.compiler=script.") from error


SAVES: Mapping[str, Callable[[nn.Module, Inputs, Job], Made]] = {
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
