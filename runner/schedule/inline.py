"""One step after the other, in this command's own workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.plan import Node
from runner.report.progress import Display
from runner.schedule import build
from runner.schedule.flow import follow
from runner.schedule.wanted import Outcome
from runner.schedule.workers import StepWorkers
from runner.spec import Limits
from runner.store import Artifact
from runner.unexpected import attempt


def perform(
    todo: Sequence[Node], there: Mapping[str, Outcome], project: Path, limits: Limits, display: Display
) -> dict[str, Outcome]:
    """Make the nodes of `todo`, inputs first; `there` has what they need beside each other. Goes on past a failure."""
    with StepWorkers(project) as workers:
        ended: list[tuple[Node, Outcome]] = []

        def start(node: Node, inputs: Mapping[str, Artifact]) -> None:
            ended.append((node, attempt(lambda: build.obtain(node, inputs, workers, project, limits, display))))

        given = {node.key: -float(number) for number, node in enumerate(todo)}
        return follow(todo, there, start, ended.pop, 1, given, display)
