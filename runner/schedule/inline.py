"""One step after the other, in this command's own workers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from runner import store
from runner.disk import room
from runner.endpoints.local import Worker, open_worker
from runner.errors import RunnerError
from runner.plan import Cell, Node, Plan, blocked
from runner.report.progress import Display
from runner.schedule.build import build
from runner.store import Artifact

Outcome = Artifact | RunnerError


# What a cell's record is made of; the steps before them are made only where one of these has to be.
USED = ("data", "export", "quantize", "compile")


def prepare(plan: Plan, project: Path, limit_s: float, display: Display) -> dict[str, Outcome]:
    """Every artifact that the plan's cells use, or why there is none, by key. Goes on past a step that fails."""
    wanted = [key for cell in plan.cells if not blocked(cell, plan) for key in used(cell)]
    return obtain(wanted, plan, project, limit_s, display)


def obtain(wanted: Iterable[str], plan: Plan, project: Path, limit_s: float, display: Display) -> dict[str, Outcome]:
    """The artifacts with the `wanted` keys, those that had to be made for them, or why there is none."""
    with _Workers(project) as workers:
        preparation = _Preparation(plan, project, limit_s, display, workers)
        for key in wanted:
            preparation.obtain(key)
        return preparation.outcomes


def failure(cell: Cell, outcomes: Mapping[str, Outcome]) -> RunnerError | None:
    """Why a cell's artifacts could not be made."""
    return next((outcome for key in used(cell) if isinstance(outcome := outcomes[key], RunnerError)), None)


def used(cell: Cell) -> list[str]:
    """The keys of the artifacts that a cell's record is made of."""
    chains = [cell.candidate] if cell.baseline is None else [cell.candidate, cell.baseline]
    return list(dict.fromkeys(chain.keys[step] for chain in chains for step in USED if step in chain.keys))


@dataclass(frozen=True)
class _Preparation:
    """One pass over a plan, and what came of it so far."""

    plan: Plan
    project: Path
    limit_s: float
    display: Display
    workers: _Workers
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def obtain(self, key: str) -> Outcome:
        """The artifact, from the store or made now, its inputs first; or why there is none."""
        if key not in self.outcomes:
            node = self.plan.nodes[key]
            try:
                self.outcomes[key] = self._found(node) or self._made(node)
            except RunnerError as error:
                self.display.end(node.id, error.status, 0.0, error.reason)
                self.outcomes[key] = error
        return self.outcomes[key]

    def _found(self, node: Node) -> Artifact | None:
        with room(self.project):
            found = store.sound(self.project, node.step, node.key, self.display.warn)
        if found:
            self.display.end(node.id, "there", 0.0, "")
        return found

    def _made(self, node: Node) -> Outcome:
        inputs: dict[str, Artifact] = {}
        for role, key in node.inputs.items():
            source = self.obtain(key)
            if isinstance(source, RunnerError):
                self.display.end(node.id, "skipped", 0.0, source.reason)
                return source
            inputs[role] = source
        with room(self.project), store.lock(self.project, node.step, node.key):
            return self._found(node) or self._build(node, inputs)  # another command may have made it meanwhile

    def _build(self, node: Node, inputs: Mapping[str, Artifact]) -> Artifact:
        self.display.begin(node.id)
        start = time.monotonic()
        progress = partial(self.display.update, node.id)
        made = build(node, inputs, self.workers.of(node), self.project, self.limit_s, progress)
        self.display.end(node.id, "done", time.monotonic() - start, "")
        for warning in made.meta.get("warnings", ()):
            self.display.warn(f"{node.step} {node.title}: {warning}")
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
