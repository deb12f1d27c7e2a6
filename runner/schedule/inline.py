"""One step after the other, in this command's own workers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from runner import store
from runner.disk import room
from runner.endpoints.local import Worker, open_worker
from runner.errors import RunnerError
from runner.plan import Cell, Node, Plan
from runner.report.progress import Display
from runner.schedule.build import build
from runner.store import Artifact

Outcome = Artifact | RunnerError


def prepare(plan: Plan, project: Path, limit_s: float, display: Display) -> dict[str, Outcome]:
    """Every artifact that the plan's cells need, or why there is none, by key. Goes on past a step that fails."""
    needed = {key for cell in plan.cells if not blocked(cell, plan) for key in _keys(cell)}
    outcomes: dict[str, Outcome] = {}
    with _Workers(project) as workers:
        for key, node in plan.nodes.items():
            if key in needed:
                outcomes[key] = _outcome(node, outcomes, workers, project, limit_s, display)
    return outcomes


def blocked(cell: Cell, plan: Plan) -> RunnerError | None:
    """Why a cell can't run here, known before any work."""
    if cell.blocked:
        return cell.blocked
    chains = [cell.candidate] if cell.baseline is None else [cell.candidate, cell.baseline]
    return next((node.blocked for chain in chains for node in plan.of(chain) if node.blocked), None)


def failure(cell: Cell, outcomes: Mapping[str, Outcome]) -> RunnerError | None:
    """Why a cell's artifacts could not be made."""
    return next((outcome for key in _keys(cell) if isinstance(outcome := outcomes[key], RunnerError)), None)


def _keys(cell: Cell) -> list[str]:
    return [*cell.candidate.keys.values(), *(cell.baseline.keys.values() if cell.baseline else ())]


def _outcome(
    node: Node,
    outcomes: Mapping[str, Outcome],
    workers: _Workers,
    project: Path,
    limit_s: float,
    display: Display,
) -> Outcome:
    inputs: dict[str, Artifact] = {}
    for role, key in node.inputs.items():
        source = outcomes[key]
        if isinstance(source, RunnerError):
            display.end(node.id, "skipped", 0.0, source.reason)
            return source
        inputs[role] = source
    try:
        return _get(node, inputs, workers, project, limit_s, display)
    except RunnerError as error:
        display.end(node.id, error.status, 0.0, error.reason)
        return error


def _get(
    node: Node, inputs: Mapping[str, Artifact], workers: _Workers, project: Path, limit_s: float, display: Display
) -> Artifact:
    with room(project), store.lock(project, node.step, node.key):
        found = store.sound(project, node.step, node.key, display.warn)
        if found:
            display.end(node.id, "there", 0.0, "")
            return found
        display.begin(node.id)
        start = time.monotonic()
        worker = workers.of(node)
        made = build(
            node, inputs, worker, project, limit_s, lambda done, total, note: display.update(node.id, done, total, note)
        )
        display.end(node.id, "done", time.monotonic() - start, "")
        for warning in made.meta.get("warnings", ()):
            display.warn(f"{node.step} {node.title}: {warning}")
        return made


class _Workers:
    """One worker shared by the steps of our own, so that torch is imported once; a fresh one for each compile, so
    that its peak memory is its own and a vendor's library meets nothing of another's."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.stack = ExitStack()
        self.shared: Worker | None = None

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def of(self, node: Node) -> Worker:
        """A worker for this node."""
        if node.step == "compile":
            return self._open(node)
        if self.shared is None or not self.shared.alive:
            self.shared = self._open(node)
        return self.shared

    def _open(self, node: Node) -> Worker:
        log = self.project / "artifacts" / ".logs" / f"{node.id}.log"
        name = f"{node.step} {node.title}" if node.step == "compile" else "step"
        return self.stack.enter_context(open_worker(log, name=name))
