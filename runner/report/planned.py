"""A plan in a few lines: how much there is, and which cells of a sweep can't be."""

from __future__ import annotations

from pathlib import Path

from runner import plan
from runner.plan import Plan

SHOWN = 2
STATES = ("there", "to do", "impossible")


def lines(made: Plan, root: Path) -> list[str]:
    """Why cells are impossible, one line a reason; last the size: `47 cells (1 impossible); 31 distinct steps: …`."""
    by_reason: dict[str, list[str]] = {}
    for cell in made.impossible:
        by_reason.setdefault(cell.error.reason, []).append(cell.words)
    return [*(_refused(reason, words) for reason, words in by_reason.items()), size(made, root)]


def _refused(reason: str, words: list[str]) -> str:
    shown = "; ".join(words[:SHOWN])
    more = f"; and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return f"impossible: {reason} ({shown}{more})"


def size(made: Plan, root: Path) -> str:
    """How many cells and distinct steps, and what became of the others."""
    left_out = {"impossible": len(made.impossible), "excluded": made.excluded, "said twice": made.repeated}
    others = ", ".join(f"{number} {what}" for what, number in left_out.items() if number)
    found = [one["state"] for one in plan.states(made, root)]
    states = ", ".join(f"{found.count(state)} {state}" for state in STATES if state in found)
    cells = f"{len(made.cells)} cell{'s' if len(made.cells) > 1 else ''}{f' ({others})' if others else ''}"
    return f"{cells}; {len(found)} distinct steps: {states}"


def impossible(made: Plan) -> list[dict[str, str]]:
    """`[{"words","reason","next_step"}]` of the cells that can't be, for JSON."""
    return [
        {"words": cell.words, "reason": cell.error.reason, "next_step": cell.error.next_step}
        for cell in made.impossible
    ]
