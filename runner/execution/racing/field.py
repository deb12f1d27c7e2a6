"""Who can race: configurations whose artifacts are there, once they were made; the others say why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runner.artifacts import leases
from runner.core.disk_errors import room
from runner.core.errors import RunnerError
from runner.core.progress import Reporter
from runner.core.unexpected import attempt
from runner.execution import cell_sides
from runner.execution.prepare import prepare
from runner.execution.racing.configurations import Asked, Configuration
from runner.execution.run_plan import widest
from runner.measure.sides import Side
from runner.planning import measurement_key, plan
from runner.planning.graph import COMPILED, Cell, Plan, blocked
from runner.planning.measurement_key import Parts
from runner.planning.requirements import Outcome, failure
from runner.results.best_result import LeftOut
from runner.spec.schema import Sweep


@dataclass(frozen=True)
class Entry:
    """A configuration that can race: its `cell`, what is measured of it, the size of its file, and the key of what was
    compiled, which configurations that differ in their session alone share."""

    configuration: Configuration
    cell: Cell
    side: Side
    size_mb: float
    artifact: str

    @property
    def name(self) -> str:
        """As in the race."""
        return self.configuration.name


@dataclass(frozen=True)
class Field:
    """All that can race, in the order of what was asked for, and what can't."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]


def planned(asked: Asked, project: Path) -> tuple[Plan, list[LeftOut]]:
    """The plan of all configurations, and those that prove impossible here. Raises SpecError where all are."""
    made = plan.of_sweep(Sweep([(one.name, one.spec) for one in asked.configurations], []), project)
    return made, [LeftOut(one.words, "impossible", one.error.reason, one.error.next_step) for one in made.impossible]


def prepared(asked: Asked, made: Plan, home: Path, reporter: Reporter) -> Field:
    """What became of the plan's cells: their artifacts are made here, those of all at once."""
    keys = {key for cell in made.cells for key in cell.candidate.keys.values()}
    limits = widest([cell.candidate.spec for cell in made.cells])
    with reporter.display(_shown(made)) as display, room(home), leases.lease(home, keys):
        outcomes = prepare(made, home, limits, display, asked.schedule)
    return _sorted(asked.configurations, made, outcomes)


def _shown(made: Plan) -> list[tuple[str, str]]:
    """The display's items: the steps."""
    nodes = {node.id: node for cell in made.cells for node in made.of(cell.candidate)}
    return [(one, f"{node.step} {node.title}") for one, node in nodes.items()]


def _sorted(configurations: Sequence[Configuration], made: Plan, outcomes: Mapping[str, Outcome]) -> Field:
    cells = {cell.candidate.spec.key: cell for cell in made.cells}
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for one in configurations:
        cell = cells.get(one.spec.key)
        if cell is None:
            continue
        why = blocked(cell, made) or failure(cell, outcomes)
        came = why if why is not None else attempt(partial(_entry, one, cell, outcomes))
        if isinstance(came, RunnerError):
            left_out.append(LeftOut(one.name, came.status, came.reason, came.next_step))
        else:
            entries.append(came)
    return Field(tuple(entries), tuple(left_out))


def _entry(one: Configuration, cell: Cell, outcomes: Mapping[str, Outcome]) -> Entry:
    chain = cell.candidate
    artifacts = cell_sides.artifacts_of(chain, outcomes)
    compiled = cell_sides.one(chain, artifacts, COMPILED)
    (step,) = chain.steps(COMPILED)
    side = cell_sides.side_of(chain, artifacts, one.name)
    return Entry(one, cell, side, compiled.meta["size"]["file_bytes"] / 1e6, chain.keys[step])


def keyed(field: Field) -> tuple[Field, dict[str, Parts]]:
    """The parts of the keys of all measurements by a spec's key; who can't be measured now is left out."""
    known = measurement_key.parts_of_all(one.cell for one in field.entries)
    entries, left_out, found = [], list(field.left_out), {}
    for one in field.entries:
        came = attempt(partial(_parts, one, known))
        if isinstance(came, RunnerError):
            left_out.append(LeftOut(one.name, came.status, came.reason, came.next_step))
        else:
            entries.append(one)
            found[one.configuration.spec.key] = came
    return Field(tuple(entries), tuple(left_out)), found


def _parts(one: Entry, known: Mapping[str, Parts]) -> Parts:
    """Raises what its device raises that can't be reached."""
    return known.get(one.configuration.spec.key) or measurement_key.parts_of(one.cell)


def artifacts(entries: Iterable[Entry]) -> Iterator[Entry]:
    """One entry of each compiled artifact."""
    return iter({entry.artifact: entry for entry in reversed(list(entries))}.values())
