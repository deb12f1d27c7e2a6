"""`python -m runner plan …`: the steps that a command would run, which are there, which can't run here and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import project_paths
from runner.core.errors import StepFailed
from runner.planning import graph, plan
from runner.planning.support import estimated, tool_of
from runner.report import plan_summary
from runner.spec import slips
from runner.spec.baseline import ITSELF


def main(argv: list[str]) -> int:
    """Print the plan of the specs that the rest of the command line names; runs nothing."""
    arguments = parser("plan", "The steps that a command would run; runs nothing.")
    arguments.add_argument("override", nargs="*", help="what the command says: model=gru backend.threads=2 …")
    arguments.add_argument("-m", "--multirun", action="store_true", help="a sweep: every combination")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    chosen = arguments.parse_intermixed_args(argv)
    root = project_paths.root()
    made, home = _made(chosen.override, chosen.multirun, root), project_paths.home(root)
    if chosen.json:
        json.dump(document(made, home), sys.stdout, indent=1)  # in pieces: of 10,000 cells it has 13 MB
        print()
    else:
        console.say(text(made, home))
    return 0


def _made(words: Sequence[str], multirun: bool, root: Path) -> graph.Plan:
    slips.check(words, root)
    from runner.sweeps import request

    asked = request.read(root, words, multirun=multirun)
    if asked.sweeps:
        return plan.of_sweep(asked.sweep, root)
    made = plan.make([asked.spec], root)
    if isinstance(made.cells[0].blocked, StepFailed):
        raise made.cells[0].blocked
    return made


def document(made: graph.Plan, root: Path) -> dict[str, Any]:
    """The plan as JSON: steps with their state, and cells."""
    return {
        "schema": 1,
        "root": str(root),
        "steps": graph.states(made, root),
        "cells": [_cell(cell, made) for cell in made.cells],
        "impossible": plan_summary.impossible(made),
    }


def _cell(cell: graph.Cell, made: graph.Plan) -> dict[str, Any]:
    error = graph.blocked(cell, made)
    return {
        "title": cell.candidate.spec.title,
        "words": cell.words,
        "baseline": cell.label,
        "spec_key": cell.candidate.spec.key,
        "keys": dict(cell.candidate.keys),
        "status": error.status if error else "to measure",
        "why": error.reason if error else "",
        "next_step": error.next_step if error else "",
    }


def text(made: graph.Plan, root: Path) -> str:
    """The plan for people."""
    steps = graph.states(made, root)
    lines = [f"project {root}", ""]
    name, wide = (max((len(one[key]) for one in steps), default=0) for key in ("step", "title"))
    lines += [
        f"{one['step']:<{max(name, 8)}}  {one['title']:<{wide}}  {one['key'][:16]}  {one['state']}" for one in steps
    ]
    lines.append("")
    lines += [f"{_kind(cell):<10}{_measured(cell, made)}" for cell in made.cells]
    return "\n".join([*lines, "", *plan_summary.blocked(made), *plan_summary.lines(made, root)])


def _kind(cell: graph.Cell) -> str:
    tool = tool_of(cell.candidate.spec)
    return tool.name if tool else "estimate" if estimated(cell.candidate.spec) else "benchmark"


def _measured(cell: graph.Cell, made: graph.Plan) -> str:
    error = graph.blocked(cell, made)
    against = {"none": "", ITSELF: ", its own baseline"}.get(cell.label, f" against {cell.label}")
    title = f"{cell.words or cell.candidate.spec.title}{against}"
    return f"{title}  {error.status}" if error else title
