"""What the pools are recorded on: two models, two runtimes, one and two threads.

Two threads go to the larger model: on one of 30 µs they mostly measure how fast two threads find each other (pairs of
it scattered by 13 % on two shared cores), and nobody runs it so.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from runner import load_spec
from runner.core.errors import RunnerError
from runner.execution import cell_sides, run_plan
from runner.execution.prepare import prepare
from runner.measure.sides import Side
from runner.planning import plan
from runner.planning.requirements import failure
from runner.report.views import progress
from runner.spec.schedule import INLINE
from runner.spec.schema import Spec

HERE = Path(__file__).parent
PROJECT = HERE / ".work"  # artifacts and progress; what is worth keeping lies beside it
COMMON = ("train=smoke", "precision=fp32", "baseline=self", "measure=standard")
WORKLOADS: Mapping[str, tuple[str, ...]] = {
    "gru-onnxruntime-1": ("model=gru", "backend=onnxruntime", "backend.threads=1"),
    "gru-openvino-1": ("model=gru", "backend=openvino", "backend.threads=1"),
    "mobilenet-onnxruntime-2": ("model=mobilenet_v1", "backend=onnxruntime", "backend.threads=2"),
    "mobilenet-openvino-1": ("model=mobilenet_v1", "backend=openvino", "backend.threads=1"),
}


def prepared(names: tuple[str, ...] = tuple(WORKLOADS)) -> dict[str, tuple[Spec, Side]]:
    """The spec and the compiled side of each workload, made where they are not there yet."""
    PROJECT.mkdir(exist_ok=True)
    (PROJECT / "runner.toml").touch()
    specs = {name: load_spec(*WORKLOADS[name], *COMMON, root=PROJECT) for name in names}
    made = plan.make(specs.values(), PROJECT)
    items = [(node.id, f"{node.step} {node.title}") for node in made.nodes.values()]
    with progress.on_stderr().display(items) as display:
        outcomes = prepare(made, PROJECT, run_plan.widest(list(specs.values())), display, INLINE)
    found = {}
    for (name, spec), cell in zip(specs.items(), made.cells, strict=True):
        problem = failure(cell, outcomes)
        if isinstance(problem, RunnerError):
            raise SystemExit(f"{name}: {problem}")
        artifacts = cell_sides.artifacts_of(cell.candidate, outcomes)
        found[name] = (spec, cell_sides.side_of(cell.candidate, artifacts, name))
    return found


def spinning(side: Side, share: float) -> Side:
    """The same side, each run made longer by `share` of its own time inside the timed region (`spin.py`).

    Compare it with `spinning(side, 0.0)`: through the same wrapper, so that only the spinning differs.
    """
    options = {"session": side.session, "spin": share, "options": dict(side.options)}
    return dataclasses.replace(side, session="spin", options=options, label=f"{side.label} + {share:.0%}")


def let_workers_find_spin() -> None:
    """Puts this folder on the workers' path."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(HERE)]))
