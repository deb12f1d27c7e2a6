"""`python -m runner step=train model=gru [--json]`: one step of one cell of the canonical grid, for dvc.yaml.

Makes the artifact through the store (its inputs too where they are missing) and exports a copy to
`pipeline/<step>/<cell>`, with its key in the file `key`. `step=benchmark` measures the cell and writes its figures;
`step=speedups` gathers those of all cells.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.artifacts import leases, store
from runner.artifacts.store import Artifact
from runner.commands import dvc_figures, dvc_grid, how_much
from runner.commands.cli_parser import parser
from runner.commands.console import document
from runner.core import project_paths
from runner.core.advice import as_typed
from runner.core.disk_errors import room
from runner.core.errors import BY_STATUS, RunnerError, SpecError, StepFailed, Unavailable, Unsupported, nearest
from runner.core.foreign_text import line
from runner.core.progress import Reporter
from runner.execution import prepare, run_plan
from runner.planning import graph, plan
from runner.planning.graph import Node, Plan
from runner.results.record_schema import Result
from runner.spec import baseline, options
from runner.spec.schedule import INLINE
from runner.spec.schema import Spec
from runner.sweeps.request import Request
from runner.tracking.client import Tracker

USAGE = "For instance: python -m runner step=train model=gru"


def main(argv: list[str]) -> int:
    """Do one step of one cell. What can't be done here leaves a note, so that the other cells go on."""
    flags = _flags(argv)
    step, chosen = _read(flags.words)
    root = project_paths.root()
    grid = dvc_grid.read(root)
    home = project_paths.home(root)  # in a copy of DVC's the project whose copy it is
    with room(home):
        if step == dvc_grid.SPEEDUPS:
            said = _gather(grid, root)
        else:
            asked = dvc_grid.one(grid, chosen, root)
            folder, made = dvc_grid.folder(root, step, asked.spec), plan.make([asked.spec], root)
            with how_much.reporting(flags, home, argv) as (reporter, _):
                said = _do(step, Work(asked, made, root, home, folder, reporter))
    if flags.json:
        document({"schema": 1, "step": step, **said})
    return 0


@dataclass(frozen=True)
class Work:
    """One cell's step: what is asked, its plan, the project and where that keeps what it makes, the folder to fill, who
    is told."""

    asked: Request
    made: Plan
    root: Path
    home: Path
    folder: Path
    reporter: Reporter


def _do(step: str, work: Work) -> dict[str, Any]:
    return {"folder": str(work.folder), **(_benchmark(work) if step == "benchmark" else _artifact(step, work))}


def _flags(argv: Sequence[str]) -> argparse.Namespace:
    arguments = parser("step=STEP", f"One step of one cell of the grid in {dvc_grid.PARAMS}, for dvc.yaml.")
    arguments.add_argument("words", nargs="*", metavar="AXIS=NAME", help="the cell: model=gru precision=fp32 …")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    how_much.add(arguments)
    flags = arguments.parse_intermixed_args(argv)
    how_much.check(flags)
    return flags


def _gather(grid: dvc_grid.Grid, root: Path) -> dict[str, Any]:
    return {"file": str(dvc_figures.speedups(root, ["-".join(cell.values()) for cell in grid.cells()]))}


def _read(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The step, and the options of the grid's axes that name the cell."""
    chosen: dict[str, str] = {}
    for word in words:
        name, mark, value = word.partition("=")
        if not mark or name not in ("step", *dvc_grid.GRID) or name in chosen:
            raise SpecError(
                f"{word}: step= and {', '.join(f'{axis}=' for axis in dvc_grid.GRID)} are all that a step takes, once.",
                f"Settings of the grid's cells are in {dvc_grid.PARAMS}. {USAGE}",
            )
        chosen[name] = value
    step, every = chosen.pop("step", ""), (*dvc_grid.STEPS, dvc_grid.SPEEDUPS)
    if step not in every:
        raise SpecError(f"step={step}: no such step.{nearest(step, every)}", f"Steps: {', '.join(every)}. {USAGE}")
    if step == dvc_grid.SPEEDUPS and chosen:
        words = " ".join(f"{axis}={name}" for axis, name in chosen.items())
        raise SpecError(f"step={step} {words}: it takes all cells of the grid.", f"Leave out {words}.")
    return step, chosen


# --- an artifact ---


def _artifact(step: str, work: Work) -> dict[str, Any]:
    made, folder = work.made, work.folder
    cell = made.cells[0]
    key = dvc_grid.key(step, cell, made)
    node = made.nodes[key]
    if node.step != step:
        _export(None, key, folder)
        return {"status": "ok", "key": key}
    outcome = node.blocked or _made(node, work)
    if isinstance(outcome, Artifact):
        _export(outcome, key, folder)
        return {"status": "ok", "key": key}
    if not isinstance(outcome, Unsupported) and outcome is not node.blocked:
        raise outcome
    return {**_note(outcome, key, folder), "key": key}


def _made(node: Node, work: Work) -> Artifact | RunnerError:
    """The node's artifact: from the store, or made now with all that it needs."""
    made = work.made
    items = [(one.id, f"{one.step} {one.title}") for one in made.nodes.values()]
    with work.reporter.display(items) as display, leases.lease(work.home, made.nodes):
        limits = made.cells[0].candidate.spec.limits
        return prepare.get_or_make([node.key], made, work.home, limits, display, INLINE)[node.key]


def _export(artifact: Artifact | None, key: str, folder: Path) -> None:
    """A copy in DVC's folder. `artifact.json` comes last: without it the store doesn't see a half-made copy."""
    if artifact is None or artifact.folder != folder:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    if artifact and artifact.folder != folder:
        shutil.copytree(artifact.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(store.NAME))
        shutil.copy2(artifact.folder / store.NAME, folder / store.NAME)
    (folder / "key").write_text(f"{key}\n", encoding="utf-8")


def _note(error: RunnerError, key: str, folder: Path) -> dict[str, Any]:
    """Why there is no artifact, in place of one."""
    _export(None, key, folder)
    said = {"status": error.status, "reason": error.reason, "next_step": error.next_step}
    (folder / "status.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    _say(**said)
    return said


def _say(status: str, reason: str, next_step: str) -> None:
    print(as_typed(line(f"{status}: {reason} {next_step}".rstrip())), file=sys.stderr)


# --- a benchmark ---


def _benchmark(work: Work) -> dict[str, Any]:
    """Measure, and write the record's figures for DVC. Old ones never stand in for a run that failed."""
    for old in dvc_figures.files(work.root, work.folder.name):
        old.unlink(missing_ok=True)
    with Tracker(work.home) as tracker:
        tracker.start()
        family = _family(work.root)
        how = (work.made, work.home, tracker, INLINE, work.reporter)
        ran = run_plan.run(*how, fresh=True, family=family, tracking=work.asked.tracking)
    record = ran.records[0].result
    if record.status != "ok":
        _say(record.status, record.reason, record.next_step)
        _refuse_accidents(record, work.made)
    dvc_figures.write(ran.records[0], work.root, work.folder.name)
    return {"status": record.status, "record_id": record.record_id}


def _family(root: Path) -> run_plan.Family:
    """The grid's comparisons, whose verdicts are corrected together."""
    every = dvc_grid.specs(dvc_grid.read(root), root)
    known = options.names("backend", root)
    return run_plan.Family(f"dvc-{run_plan.sweep_name(every)}", sum(_compared(spec, root, known) for spec in every))


def _compared(spec: Spec, root: Path, backends: Sequence[str]) -> bool:
    try:
        return baseline.resolve(spec, root, backends) is not None
    except Unavailable:
        return False


def _refuse_accidents(record: Result, made: Plan) -> None:
    """Raises where the same cell may well succeed next time: DVC must not take it for done.

    What is unsupported stays so; what is unavailable by the plan has another key once it is there.
    """
    known = record.status == "unavailable" and graph.blocked(made.cells[0], made)
    if record.status == "unsupported" or known:
        return
    raise BY_STATUS.get(record.status, StepFailed)(record.reason, record.next_step)
