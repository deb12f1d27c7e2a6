"""What torch makes of a network that is saved already: a program of `torch.export`, or TorchScript."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from runner.backends.compile_checks import drawn_feed
from runner.backends.torch import loaded
from runner.backends.torch.session import SIGNATURE, Session, file_in, open_session
from runner.core.errors import Unsupported
from runner.core.job import Job
from runner.data import arrays


def as_built(job: Job) -> dict[str, Any]:
    """Writes the sizes of TorchScript's inputs and outputs, of one real run. Says what operators or modules are in."""
    path = file_in(job.out)
    if path.suffix == loaded.PROGRAM:
        effective = loaded.precisions_of_program(loaded.exported(path))
    else:
        effective = loaded.precisions_of_script(loaded.read(path))
        _sign(job.out, job.inputs["data"], open_session(str(job.out), dict(job.settings["settings"])))
    return {"version": torch.__version__, "effective": effective, "fallback": {}}


def _sign(out: Path, data: Path, session: Session) -> None:
    shapes = arrays.read_meta(data)["shapes"]
    inputs = [{**spec, "shape": shapes[spec["name"]]} for spec in session.inputs]
    outputs = [
        {"name": spec["name"], "shape": _sizes(found, inputs), "dtype": str(found.dtype)}
        for spec, found in zip(session.outputs, _run(session, drawn_feed(data, inputs, 1)), strict=True)
    ]
    content = json.dumps({"inputs": inputs, "outputs": outputs}, indent=1) + "\n"
    (out / SIGNATURE).write_text(content, encoding="utf-8")


def _run(session: Session, feed: dict[str, Any]) -> list[Any]:
    try:
        return session.run(session.bind(feed))
    except Exception as error:  # torch's own share no base class
        said = " ".join(str(error).split())[-300:]
        advice = "TorchScript's inputs are taken for float32; other types: save it by torch.export as .pt2."
        raise Unsupported(f"torch can't run the network with its inputs: {said}", advice) from error


def _sizes(found: Any, inputs: list[dict[str, Any]]) -> list[int | str]:
    """A free batch stays free."""
    free = all(spec["shape"][:1] == ["batch"] for spec in inputs)
    return ["batch", *found.shape[1:]] if free and found.ndim else list(found.shape)
