"""How long the chain of steps is that begins with a step: the longest goes first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from runner.artifacts import store
from runner.core.errors import RunnerError
from runner.planning.graph import Node


def ranks(todo: Sequence[Node], seconds: dict[str, float]) -> dict[str, float]:
    """By key, the seconds of the longest chain of `todo` (inputs first) that begins with the node."""
    longest = dict(seconds)
    for node in reversed(todo):
        for key in node.inputs.values():
            if key in seconds:
                longest[key] = max(longest[key], seconds[key] + longest[node.key])
    return longest


def seconds(todo: Sequence[Node], project: Path) -> dict[str, float]:
    """How long each node may take, by key: the median of earlier ones of its title, of its step, or its kind's."""
    titled, stepped = _recorded({node.step for node in todo}, project)
    return {node.key: titled.get((node.step, node.title), stepped.get(node.step, node.kind.rough_s)) for node in todo}


def _recorded(steps: set[str], project: Path) -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Median seconds of the artifacts in the store, by (step, title) and by step."""
    titled: dict[tuple[str, str], list[float]] = defaultdict(list)
    stepped: dict[str, list[float]] = defaultdict(list)
    for step in steps:
        for path in (project / "artifacts" / step).glob(f"*/{store.NAME}"):
            try:
                content = store.read(path.parent).content
                name, seconds = str(content["name"]), float(content["seconds"])
            except (RunnerError, OSError, LookupError, TypeError, ValueError):
                continue  # the survey has said what is wrong with it, where it is wanted
            titled[step, name].append(seconds)
            stepped[step].append(seconds)
    return {key: median(each) for key, each in titled.items()}, {key: median(each) for key, each in stepped.items()}
