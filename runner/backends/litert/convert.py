"""From a network or a graph to a `.tflite` in float32, by `litert-torch`. Runs in the toolchain."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from runner.backends import compile_checks
from runner.backends.litert import LAST, flatbuffer
from runner.backends.litert.ports import IMAGES, TO_LAST
from runner.backends.litert.session import FILE, PLAIN, Session
from runner.core.errors import Unsupported
from runner.core.job import Job
from runner.data import arrays
from runner.models import checkpoint

OUTPUT = "y"  # what the export step calls a network's output


def convert(job: Job) -> dict[str, Any]:
    """Writes `model.tflite`, its sizes fixed, inputs and outputs called as the model's; compares it with the source.

    Raises Unsupported with the converter's words where it can't.
    """
    network, feed, outputs = _source(job)

    def source(inputs: Mapping[str, Any]) -> list[Any]:
        arrays = [np.asarray(inputs[name], array.dtype) for name, array in feed.items()]
        with torch.no_grad():
            found = network(*map(torch.from_numpy, arrays))
        return [one.numpy() for one in (found if isinstance(found, (tuple, list)) else (found,))]

    expected = source(feed)
    job.progress(0, 1, "litert-torch converts")
    channels = job.settings["settings"]["channels"]
    if channels == LAST:
        _written(_channels_last(network, feed, expected), _turned(feed), job.out / FILE)
    else:
        _written(network, feed, job.out / FILE)
    flatbuffer.rename(job.out / FILE, list(feed), outputs)
    session = Session(job.out / FILE, {**PLAIN, "channels": channels}, as_built=False)
    given = {spec["name"]: feed[spec["name"]].astype(spec["dtype"]) for spec in session.inputs}
    error = compile_checks.compared(session, given, expected, "fp32", source)
    return {"max_abs_error_of_conversion": error, "warnings": narrowed(feed, given)}


def narrowed(feed: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """A line for each input that the converter makes another type of, as it does of whole numbers of 64 bits."""
    types = [(name, array.dtype.name, given[name].dtype.name) for name, array in feed.items()]
    return [f"litert-torch makes {own} of input {name} ({was})" for name, was, own in types if own != was]


def _source(job: Job) -> tuple[nn.Module, dict[str, Any], Sequence[str]]:
    """(Network, a real input by name, names of outputs) of a checkpoint, or of a graph."""
    model, data = job.inputs["model"], job.inputs["data"]
    if "model" in job.settings:
        network = checkpoint.load(model, job.settings["model"], arrays.read_meta(data))
        return network, compile_checks.real_feed(data, job.settings["batch"]), [OUTPUT]
    from runner.backends.litert import onnx_network

    return onnx_network.read(model / "model.onnx", data, job.settings["batch"])


def _channels_last(network: nn.Module, feed: Mapping[str, Any], outputs: Sequence[Any]) -> nn.Module:
    """The network with images that have their channels last at both ends."""
    import litert_torch  # type: ignore[import-not-found,unused-ignore]

    args, given = ([at for at, one in enumerate(ends) if one.ndim == IMAGES] for ends in (feed.values(), outputs))
    return cast(nn.Module, litert_torch.to_channel_last_io(network.eval(), args=args, outputs=given))


def _turned(feed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: np.ascontiguousarray(array.transpose(TO_LAST)) if array.ndim == IMAGES else array
        for name, array in feed.items()
    }


def _written(network: nn.Module, feed: dict[str, Any], file: Path) -> None:
    import litert_torch  # type: ignore[import-not-found,unused-ignore]

    logging.disable(logging.WARNING)  # its own advice, for those who write networks
    try:
        made = litert_torch.convert(network.eval(), tuple(map(torch.from_numpy, feed.values())))
        made.export(str(file))
    except Exception as error:  # torch.export's, jax's and its own, which share no base class
        said = next((line for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
        said = f"litert-torch can't convert the model: {said.strip()[:300]}"
        raise Unsupported(said, "Choose another backend for it.") from error
    finally:
        logging.disable(logging.NOTSET)
