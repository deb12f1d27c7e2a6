"""A plan in a few lines: how much there is, and which cells of a sweep can't be."""

from __future__ import annotations

from pathlib import Path

from runner.planning import graph
from runner.planning.graph import Plan

SHOWN = 2
STATES = ("there", "to do", "impossible")


def lines(made: Plan, root: Path) -> list[str]:
    """Why cells are impossible, one line a reason; last the size: `47 cells (1 impossible); 31 distinct steps: …`."""
    said = [(f"impossible: {cell.error.reason}", cell.words) for cell in made.impossible]
    return [*_grouped(said), size(made, root)]


def blocked(made: Plan) -> list[str]:
    """Why cells can't be measured here, one line a reason, and for which."""
    errors = ((cell, graph.blocked(cell, made)) for cell in made.cells)
    said = [
        (f"{error.status}: {error.reason} {error.next_step}".rstrip(), cell.words or cell.candidate.spec.title)
        for cell, error in errors
        if error
    ]
    return _grouped(said)


def _grouped(said: list[tuple[str, str]]) -> list[str]:
    """`reason (words; words; and 3 more)` of pairs of reason and words."""
    by_reason: dict[str, list[str]] = {}
    for reason, words in said:
        by_reason.setdefault(reason, []).append(words)
    return [f"{reason} ({_some(words)})" for reason, words in by_reason.items()]


def _some(words: list[str]) -> str:
    more = f"; and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return "; ".join(words[:SHOWN]) + more


def size(made: Plan, root: Path) -> str:
    """How many cells and distinct steps, and what became of the others."""
    left_out = {"impossible": len(made.impossible), "excluded": made.excluded, "said twice": made.repeated}
    others = ", ".join(f"{number} {what}" for what, number in left_out.items() if number)
    found = [one["state"] for one in graph.states(made, root)]
    states = ", ".join(f"{found.count(state)} {state}" for state in STATES if state in found)
    cells = f"{len(made.cells)} cell{'s' if len(made.cells) > 1 else ''}{f' ({others})' if others else ''}"
    return f"{cells}; {len(found)} distinct steps: {states}"


def impossible(made: Plan) -> list[dict[str, str]]:
    """`[{"words","reason","next_step"}]` of the cells that can't be, for JSON."""
    return [
        {"words": cell.words, "reason": cell.error.reason, "next_step": cell.error.next_step}
        for cell in made.impossible
    ]
