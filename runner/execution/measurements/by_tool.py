"""Figures of a runtime's own tool, which is run on the cell's device in our place. They are its own: nothing that reads
a measurement of ours finds one here, and nothing is compared with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from runner.core import registry
from runner.core.errors import StepFailed
from runner.core.forms import by_name, dotted, each, fields, text
from runner.execution.measurements import figures, told_layers
from runner.execution.measurements.estimate import FIGURES
from runner.execution.measurements.protocol import Left, Work
from runner.measure.sides import Side
from runner.planning.support import TOOL
from runner.results.record_form import IMPORTED
from runner.transport.endpoint import WorkerOptions

ANSWER = fields({"source": text, "metrics": FIGURES, "facts": by_name(text)}, {"layers": each(told_layers.LAYER)})
GUIDE = "What a tool answers: docs/adding-a-backend.md."
ALONE = "figures of another tool are compared with nothing"


def measure(work: Work, before: Mapping[str, Any]) -> Left:
    """`imported/…` metrics with their source and what was run; `layers.json` where the tool was asked for a profile.
    Raises what the backend's `measured` raises."""
    with work.quiet():
        answer = _asked(work.sides["candidate"], work)
    nothing: dict[str, Any] = {name: {} for name in ("notes", "conditions", "checks", "timing")}
    content = {
        "origin": IMPORTED,
        IMPORTED: {**answer["facts"], "source": answer["source"]},
        "metrics": {f"{IMPORTED}/{name}": value for name, value in answer["metrics"].items()},
        "unavailable": {"vs_baseline/speedup": ALONE},
        "effective": {"candidate": asdict(figures.effective(work.cell.candidate, {}, work.artifacts["candidate"]))},
        "comparison": None,
    }
    layers = told_layers.written(answer.get("layers", ()), answer["source"], "mean", work.folder)
    return Left(nothing | content, files=layers)


def _asked(side: Side, work: Work) -> Mapping[str, Any]:
    """What `measured(folder, options)` of the backend's tool.py says, in a worker on the cell's device."""
    module = f"{registry.module('backend', work.cell.candidate.spec.backend.name)}.{TOOL}"
    log, limit_s = work.folder / "tool.log", work.cell.candidate.spec.limits.answer_s
    given = {"folder": side.device.put(side.folder), "options": dict(side.options)}
    options = WorkerOptions(f"tool {side.label}", memory_mb=side.memory_mb, modules=(module,))
    with side.device.open_worker(log, options) as worker:
        answer = worker.ask("call", timeout=limit_s, module=module, function="measured", arguments=given)
    fault = ANSWER(answer, ())
    if fault:
        where = f"{module}.measured: {dotted(fault.place) or 'its answer'}"
        raise StepFailed(f"{where} {fault.what or 'is missing'}.", GUIDE)
    return dict(answer)
