"""One step after the other, in this command's own workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.artifacts.store import Artifact
from runner.core.progress import Display
from runner.core.unexpected import attempt
from runner.execution import run_step
from runner.execution.graph_executor import Makers, execute
from runner.execution.step_workers import StepWorkers
from runner.planning.graph import Node
from runner.planning.requirements import Outcome
from runner.spec.schema import Limits


def make_steps(
    todo: Sequence[Node], there: Mapping[str, Outcome], project: Path, limits: Limits, display: Display
) -> dict[str, Outcome]:
    """Make the nodes of `todo`, inputs first; `there` has what they need beside each other. Goes on past a failure."""
    with StepWorkers(project) as workers:
        ended: list[tuple[Node, Outcome]] = []
        place = run_step.Workplace(workers, project, limits)

        def start(node: Node, inputs: Mapping[str, Artifact]) -> None:
            ended.append((node, attempt(lambda: run_step.get_or_make(node, inputs, place, display))))

        given = {node.key: -float(number) for number, node in enumerate(todo)}
        return execute(todo, there, Makers(start, ended.pop, 1), given, display)
