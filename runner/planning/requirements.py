"""What a plan's cells are made of: which artifacts they use, which are there, which have to be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.backends import loading
from runner.core.advice import shell
from runner.core.disk_errors import room
from runner.core.errors import Disturbed, RunnerError, StepFailed
from runner.core.foreign_text import line
from runner.core.progress import Display
from runner.core.unexpected import attempt
from runner.planning.graph import COMPILED, Cell, Node, Plan, blocked

Outcome = Artifact | RunnerError


class Lost(Disturbed):
    """An artifact has disappeared: what needs it can be tried again."""


def artifact_keys(cell: Cell) -> list[str]:
    """The keys of the artifacts that a cell's record is made of; the steps before them are made only where one of these
    has to be."""
    return list(dict.fromkeys(chain.keys[step] for chain in cell.chains for step in chain.roles))


def failure(cell: Cell, outcomes: Mapping[str, Outcome]) -> RunnerError | None:
    """Why a cell's artifacts could not be made."""
    return next((outcome for key in artifact_keys(cell) if isinstance(outcome := outcomes[key], RunnerError)), None)


def needed_keys(plan: Plan) -> list[str]:
    """The keys of all artifacts that the plan's cells use, without the cells that can't run here."""
    return list(dict.fromkeys(key for cell in plan.cells if not blocked(cell, plan) for key in artifact_keys(cell)))


def survey(keys: Iterable[str], plan: Plan, project: Path, display: Display) -> tuple[dict[str, Outcome], list[Node]]:
    """What is in the store by key (or why it can't be used), and the nodes to make for the rest, inputs first."""
    there: dict[str, Outcome] = {}
    todo: dict[str, Node] = {}
    for key in keys:
        _survey_node(plan.nodes[key], plan, project, display, there, todo)
    return there, list(todo.values())


def _survey_node(
    node: Node, plan: Plan, project: Path, display: Display, there: dict[str, Outcome], todo: dict[str, Node]
) -> None:
    if node.key in there or node.key in todo:
        return
    found = _found(node, project, display)
    if found:
        there[node.key] = found
        return
    for key in node.inputs.values():
        _survey_node(plan.nodes[key], plan, project, display, there, todo)
    todo[node.key] = node


def _found(node: Node, project: Path, display: Display) -> Outcome | None:
    found = attempt(lambda: _sound(node, project, display))
    if isinstance(found, RunnerError):
        display.end(node.id, found.status, 0.0, found.reason)
    elif found:
        display.end(node.id, "there", 0.0, "")
    return found


def _sound(node: Node, project: Path, display: Display) -> Artifact | None:
    with room(project):
        found = store.sound(project, node.step, node.key, display.warn)
        return found and as_named(node, found)


def as_named(node: Node, artifact: Artifact) -> Artifact:
    """The artifact of a node. A file in it may be code, and is run: raises StepFailed where it isn't the one that the
    user named, or neither the user nor the backend's compile names it, whatever the artifact says."""
    wrong = _not_as_named(node, artifact.content["files"]) if node.kind.role == COMPILED else None
    if wrong:
        advice = f"Remove it, and it is made again: {shell('rm', '-r', str(artifact.folder))}"
        raise StepFailed(f"{artifact.folder}: {wrong}.", advice)
    return artifact


def _not_as_named(node: Node, files: Mapping[str, Any]) -> str | None:
    named = {place: path for path, place in node.settings.get("places", ())}
    for place, path in named.items():
        if files.get(place, {"sha256": None})["sha256"] != node.settings["files"][path]:
            return f"its {place} isn't {path}"
    code = loading.backend(node.settings["backend"]).code
    known = {*named, *node.kind.provides}
    stray = next((name for name in files if Path(name).suffix.lower() in code and name not in known), None)
    return stray and f"its {line(stray)} is code that nobody named"


def side_by_side(todo: Iterable[Node]) -> bool:
    """Whether two of the nodes, inputs first, could be made at once: they are more than their longest chain."""
    depths: dict[str, int] = {}
    for node in todo:
        depths[node.key] = 1 + max((depths.get(key, 0) for key in node.inputs.values()), default=0)
    return len(depths) > max(depths.values(), default=0)
