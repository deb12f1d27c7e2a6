"""From specs to records: one plan, its steps prepared, each cell measured, each record kept and tracked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from runner import conclude, keys, plan, records
from runner.disk import room
from runner.errors import RunnerError
from runner.plan import Cell, Plan
from runner.records import Record
from runner.report import progress
from runner.report.progress import Display
from runner.schedule import inline
from runner.schedule.inline import Outcome
from runner.spec import Spec
from runner.tracking.client import Tracker


def run(specs: Sequence[Spec], root: Path, tracker: Tracker, *, sweep: str = "", fresh: bool = False) -> list[Record]:
    """Run `specs` as one plan; one record each, in their order. A cell that fails leaves a record that says so.

    Without `fresh` a cell of the same sweep that was measured before, from the same artifacts, is not measured again.
    """
    made = plan.make(specs, root)
    tracker.start_pictures()
    done = {} if fresh else _measured(root, sweep, made)
    console = Console(stderr=True)
    console.print(f"project {root}", markup=False, highlight=False, soft_wrap=True)
    with progress.opened(console, _items(made)) as display:
        waiting = Plan(made.nodes, [cell for cell in made.cells if cell.candidate.spec.key not in done])
        limit = max(spec.limits.step_s for spec in specs)
        outcomes = inline.prepare(waiting, root, limit, display)
        return [
            done.get(cell.candidate.spec.key) or _record(cell, made, outcomes, root, tracker, sweep, display)
            for cell in made.cells
        ]


def sweep_name(specs: Sequence[Spec]) -> str:
    """The same for the same cells: the same command again goes on with the same sweep."""
    return keys.digest(sorted(spec.key for spec in specs))[:8]


def _items(made: Plan) -> list[tuple[str, str]]:
    steps = [(node.id, f"{node.step} {node.title}") for node in made.nodes.values()]
    return steps + [(measuring(cell), f"measure {cell.candidate.spec.title}") for cell in made.cells]


def measuring(cell: Cell) -> str:
    """The display's name of a cell's benchmark."""
    return f"measure-{cell.candidate.spec.key[:16]}"


def compared(made: Plan) -> int:
    """How many comparisons the plan's table will have: Holm's correction is over so many."""
    return sum(cell.baseline is not None for cell in made.cells)


def _measured(root: Path, sweep: str, made: Plan) -> dict[str, Record]:
    """Cells of this sweep that are ok already, made from the same artifacts, by spec key; the latest of each."""
    wanted = {cell.candidate.spec.key: dict(cell.candidate.keys) for cell in made.cells}
    found = (record for record in records.read_all(root) if sweep and record.content["sweep"] == sweep)
    return {
        record.content["spec_key"]: record
        for record in found
        if record.content["status"] == "ok" and wanted.get(record.content["spec_key"]) == record.content["keys"]
    }


def _record(
    cell: Cell,
    made: Plan,
    outcomes: Mapping[str, Outcome],
    root: Path,
    tracker: Tracker,
    sweep: str,
    display: Display,
) -> Record:
    """Measure one cell, or say why not; keep the record; track it."""
    try:
        error = plan.blocked(cell, made) or inline.failure(cell, outcomes)
        if error:
            raise error
        record = conclude.measured(cell, outcomes, root, tracker, sweep, display, measuring(cell), compared(made))
    except RunnerError as problem:
        display.end(measuring(cell), problem.status, 0.0, problem.reason)
        with room(root):
            record = records.write(root, conclude.unmeasured(cell, problem, sweep))
    _track(record, tracker, display)
    return record


def _track(record: Record, tracker: Tracker, display: Display) -> None:
    """The record is kept whatever happens to the tracking server; `runner sync` sends it later."""
    try:
        tracker.publish(record)
    except RunnerError as error:
        display.warn(f"not in MLflow yet: {error.reason} Send it later: python -m runner sync")
