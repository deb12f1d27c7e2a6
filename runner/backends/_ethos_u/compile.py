"""The last stage: the integer graph compiled by Vela for the NPU. Runs in the toolchain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runner.backends._ethos_u import INTEGERS, VELA, reference, reports, vela
from runner.backends._ethos_u.reports import NPU, Operator
from runner.backends.contract import AS_BUILT
from runner.backends.litert import nodes
from runner.backends.litert.session import FILE, PLAIN, Session
from runner.core import installed
from runner.core.errors import Unsupported
from runner.core.job import Job

# What to do where a user's own file is none that Vela takes.
BUILT = "Quantise the file to int8, or have it done: model=onnx model.path=my.onnx precision=int8"


def compile(job: Job) -> dict[str, Any]:
    """Writes `model_vela.tflite` and `reports/`. Raises Unsupported where the NPU takes no operator."""
    source = job.inputs["model"] / FILE
    job.progress(0, 1, "Vela compiles")
    said = vela.compiled(source, job.settings["settings"], job.out, job.scratch)
    found = reports.operators(job.out)
    lines = list(reports.left_to_cpu(found, said))
    _check(found, lines, job.settings["precision"])
    reference.write(source, job.out)
    # Inputs, outputs and precisions are those of the file that Vela was given: no interpreter here opens its own.
    given = Session(source, PLAIN, as_built=True)
    return {
        "version": installed.version(VELA),
        "effective": nodes.effective(given.nodes),
        "fallback": reports.on_cpu(found),
        "inputs": given.inputs,
        "outputs": given.outputs,
        "warnings": lines,
    }


def _check(found: Sequence[Operator], lines: Sequence[str], precision: str) -> None:
    if any(one.target == NPU for one in found):
        return
    why = lines[0] if lines else "it has none"
    what = BUILT if precision == AS_BUILT else "Choose another backend for it."
    raise Unsupported(f"The NPU takes no operator of the model: {why}.", f"{INTEGERS}. {what}")
