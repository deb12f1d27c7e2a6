"""The plan of one or many specs: each spec's chain of steps and its baseline's, what is shared made once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from runner.artifacts import code_closure
from runner.core.errors import BadFile, Impossible, RunnerError, SpecError, Unavailable
from runner.core.unexpected import failure
from runner.planning import lowering, preprocessing, sources
from runner.planning import place as places
from runner.planning.draft import Draft
from runner.planning.graph import Cell, Chain, Plan
from runner.planning.support import alone, unfit
from runner.spec import baseline, options
from runner.spec.schema import ImpossibleCell, Spec, Sweep


def make(specs: Iterable[Spec], project: Path) -> Plan:
    """The plan of `specs`. Raises SpecError for a bad input file and for an impossible spec; what can't run here, or
    can't be planned, is a blocked node or cell."""
    code_closure.look_again()
    draft = Draft(project)
    cells = [_planned(spec, draft) for spec in specs]
    return Plan(draft.nodes, cells)


def of_sweep(sweep: Sweep, project: Path) -> Plan:
    """The plan of a sweep's cells; those that prove impossible here join its impossible ones, and those whose own file
    is bad are blocked, and leave a record.

    Raises SpecError where no cell is left.
    """
    code_closure.look_again()
    draft, cells, impossible = Draft(project), [], list(sweep.impossible)
    bad: list[BadFile] = []
    for words, spec in sweep.cells:
        try:
            cells.append(replace(_planned(spec, draft), words=words))
        except Impossible as error:
            impossible.append(ImpossibleCell(words or spec.title, error))
        except BadFile as error:
            bad.append(error)
            cells.append(Cell(Chain(spec, {}), None, "none", blocked=failure(error), words=words))
    if len(bad) == len(cells):
        raise bad[0] if bad else impossible[0].error
    return Plan(draft.nodes, cells, impossible, sweep.excluded, sweep.repeated)


def _planned(spec: Spec, draft: Draft) -> Cell:
    """The cell of a spec; one whose planning fails in a way that nobody foresaw is blocked, and leaves a record."""
    try:
        return _cell(spec, draft)
    except SpecError:
        raise
    except Exception as error:
        return Cell(Chain(spec, {}), None, "none", blocked=failure(error))


def _cell(spec: Spec, draft: Draft) -> Cell:
    candidate = _chain(spec, draft)
    try:
        against = baseline.resolve(spec, draft.project, draft.once(options.names, "backend", draft.project))
    except Unavailable as error:
        return Cell(candidate, None, spec.baseline.name, blocked=error)
    if against is None or alone(spec):
        label = baseline.ITSELF if against is None and spec.baseline.name != "none" else "none"
        return Cell(candidate, None, label, _kept_from([spec], draft))
    found = _chain(against, draft)
    return Cell(candidate, found, baseline.label(against, spec), _kept_from([spec, against], draft))


def _kept_from(specs: list[Spec], draft: Draft) -> RunnerError | None:
    """Why a cell's specs can't be measured whatever their artifacts are: these may be other cells' too."""
    return next(filter(None, map(preprocessing.problem, specs)), None) or unfit(specs, draft)


def _chain(spec: Spec, draft: Draft) -> Chain:
    source = preprocessing.with_raw(spec, sources.source_of(spec, draft), draft)
    made = [*source.nodes, *lowering.lowered(spec, source, draft)]
    for node in made:
        draft.nodes.setdefault(node.key, node)
    roles = {node.step: node.kind.role for node in made if node.kind.role}
    release = draft.once(places.runtime_of, spec.backend.name, spec.toolchain, draft.project).release
    return Chain(spec, {node.step: node.key for node in made}, roles, release)
