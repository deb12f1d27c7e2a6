"""What torch makes of a network that is saved already: a program of `torch.export`, or TorchScript."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from runner.backends import compile_checks
from runner.backends.torch import loaded
from runner.backends.torch.session import SIGNATURE, Session, file_in, open_session
from runner.core.errors import RunnerError, Unsupported
from runner.core.foreign_text import brief
from runner.core.job import Job


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
    try:
        content = compile_checks.signature(session, data)
    except RunnerError:
        raise
    except Exception as error:  # torch's own share no base class
        said = brief(str(error))
        advice = "TorchScript's inputs are taken for float32; other types: save it by torch.export as .pt2."
        raise Unsupported(f"torch can't run the network with its inputs: {said}", advice) from error
    (out / SIGNATURE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
