"""An estimate: figures that a backend reckons of what it compiled, on this machine. Nothing of it is measured, and
nothing is compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from runner.core.errors import StepFailed
from runner.core.forms import both, by_name, dotted, each, fields, number, such_that, text
from runner.execution.measurements import figures, references, told_layers
from runner.execution.measurements.protocol import Left, Work
from runner.measure.sides import Side
from runner.results.record_form import ESTIMATED
from runner.transport.device import HERE
from runner.transport.endpoint import WorkerOptions

FIGURES = both(by_name(number()), such_that(bool, "without a figure"))
ANSWER = fields({"source": text, "metrics": FIGURES}, {"incomplete": text, "layers": each(told_layers.LAYER)})
GUIDE = "What an estimate is: docs/adding-a-backend.md."
ALONE = "estimated figures are compared with nothing"


def measure(work: Work, before: Mapping[str, Any]) -> Left:
    """`estimate/…` metrics with their source and what they leave out; `layers.json` where they are told by layer.
    Raises what the backend's `estimate` raises."""
    side, chain = work.sides["candidate"], work.cell.candidate
    answer = _asked(side, work)
    source = {name: answer[name] for name in ("source", "incomplete") if answer.get(name)}
    nothing: dict[str, Any] = {name: {} for name in ("notes", "conditions", "timing")}
    content = {
        "origin": ESTIMATED,
        ESTIMATED: source,
        "metrics": {f"estimate/{name}": value for name, value in answer["metrics"].items()},
        "unavailable": {"vs_baseline/speedup": ALONE},
        "effective": {"candidate": asdict(figures.effective(chain, {}, work.artifacts["candidate"]))},
        "checks": references.checks(work),
        "comparison": None,
    }
    return Left(
        nothing | content,
        files=told_layers.written(answer.get("layers", ()), answer["source"], "estimate", work.folder),
    )


def _asked(side: Side, work: Work) -> Mapping[str, Any]:
    """What `estimate(folder, options)` of the backend's session.py says, in a worker of its own."""
    log, limit_s = work.folder / "estimate.log", work.cell.candidate.spec.limits.answer_s
    given = {"folder": str(side.folder), "options": dict(side.options)}
    options = WorkerOptions(f"estimate {side.label}", memory_mb=side.memory_mb, modules=(side.session,))
    with HERE.open_worker(log, options) as worker:
        answer = worker.ask("call", timeout=limit_s, module=side.session, function="estimate", arguments=given)
    return checked(answer, side.session)


def checked(answer: Any, module: str) -> Mapping[str, Any]:
    """The answer of the module's `estimate`. Raises StepFailed where it isn't as it must be."""
    fault = ANSWER(answer, ())
    if fault:
        where = f"{module}.estimate: {dotted(fault.place) or 'its answer'}"
        raise StepFailed(f"{where} {fault.what or 'is missing'}.", GUIDE)
    return dict(answer)
