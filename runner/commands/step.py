"""`python -m runner step=train model=gru [--json]`: one step of one cell of the canonical grid, for dvc.yaml.

Makes the artifact through the store (its inputs too where they are missing) and exports a copy to
`pipeline/<step>/<cell>`, with its key in the file `key`. `step=benchmark` measures the cell and writes `metrics.json`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.artifacts import leases, store
from runner.artifacts.store import Artifact
from runner.commands import dvc_grid
from runner.core import project_paths
from runner.core.advice import as_typed
from runner.core.disk_errors import room
from runner.core.errors import BY_STATUS, RunnerError, SpecError, StepFailed, Unavailable, Unsupported, nearest
from runner.core.foreign_text import line
from runner.execution import prepare, run_plan
from runner.planning import graph, plan
from runner.planning.graph import Node, Plan
from runner.report.views import progress
from runner.results import naming
from runner.results.record_schema import Result
from runner.spec import baseline, options
from runner.spec.schedule import INLINE
from runner.spec.schema import Spec
from runner.sweeps.request import Request
from runner.tracking.client import Tracker

USAGE = "For instance: python -m runner step=train model=gru"


def main(argv: list[str]) -> int:
    """Do one step of one cell. What can't be done here leaves a note, so that the other cells go on."""
    step, chosen = _read([word for word in argv if word != "--json"])
    root = project_paths.root()
    grid = dvc_grid.read(root)
    asked = dvc_grid.one(grid, chosen, root)
    folder = dvc_grid.folder(root, step, asked.spec)
    made = plan.make([asked.spec], root)
    home = project_paths.home(root)  # in a copy of DVC's the project whose copy it is
    with room(home):
        benchmarks = step == "benchmark"
        said = _benchmark(made, home, folder, asked) if benchmarks else _artifact(step, made, home, folder)
    if "--json" in argv:
        json.dump({"schema": 1, "step": step, "folder": str(folder), **said}, sys.stdout, indent=1)
        print()
    return 0


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
    step = chosen.pop("step", "")
    if step not in dvc_grid.STEPS:
        known = ", ".join(dvc_grid.STEPS)
        raise SpecError(f"step={step}: no such step.{nearest(step, dvc_grid.STEPS)}", f"Steps: {known}. {USAGE}")
    return step, chosen


# --- an artifact ---


def _artifact(step: str, made: Plan, home: Path, folder: Path) -> dict[str, Any]:
    cell = made.cells[0]
    key = dvc_grid.key(step, cell, made)
    node = made.nodes[key]
    if node.step != step:
        _export(None, key, folder)
        return {"status": "ok", "key": key}
    outcome = node.blocked or _made(node, made, home)
    if isinstance(outcome, Artifact):
        _export(outcome, key, folder)
        return {"status": "ok", "key": key}
    if not isinstance(outcome, Unsupported) and outcome is not node.blocked:
        raise outcome
    return {**_note(outcome, key, folder), "key": key}


def _made(node: Node, made: Plan, home: Path) -> Artifact | RunnerError:
    """The node's artifact: from the store, or made now with all that it needs."""
    items = [(one.id, f"{one.step} {one.title}") for one in made.nodes.values()]
    with progress.on_stderr().display(items) as display, leases.lease(home, made.nodes):
        limits = made.cells[0].candidate.spec.limits
        return prepare.get_or_make([node.key], made, home, limits, display, INLINE)[node.key]


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


def _benchmark(made: Plan, home: Path, folder: Path, asked: Request) -> dict[str, Any]:
    """Measure, and write the record's numbers for `dvc metrics`. An old file never stands in for a failed run."""
    (folder / "metrics.json").unlink(missing_ok=True)
    with Tracker(home) as tracker:
        tracker.start()
        family = _family(project_paths.root())
        how = (made, home, tracker, INLINE, progress.on_stderr())
        ran = run_plan.run(*how, fresh=True, family=family, tracking=asked.tracking)
    record = ran.records[0].result
    if record.status != "ok":
        _say(record.status, record.reason, record.next_step)
        _refuse_accidents(record, made)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_metrics(record), indent=1)
    (folder / "metrics.json").write_text(f"{text}\n", encoding="utf-8")
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


def _metrics(record: Result) -> dict[str, Any]:
    """Flat: whose numbers these are (the precision is the one that ran), what they are over, and the numbers."""
    whose = {"status": record.status, "date": record.date, "record_id": record.record_id}
    if record.status != "ok":
        return {**whose, "reason": record.reason}
    told = {"precision": naming.precision(record, "candidate"), "baseline": naming.baseline(record) or "none"}
    return {**whose, **told, **record.metrics}
