"""A sweep: the cells that a command line or an experiment's file names, every one composed and checked before any work.

A wrong word is a bad spec and stops the sweep. A valid but contradictory combination is reported as impossible and
skipped.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra.core.override_parser.types import Override

from runner.core.errors import Impossible, SpecError
from runner.spec import hydra_compose, overrides, schema
from runner.spec.overrides import NOT_SPEC
from runner.spec.schema import ImpossibleCell, Spec, Sweep
from runner.sweeps.experiment_file import Exclude, Experiment
from runner.sweeps.part_composer import Cell, Composer

Outcome = Spec | Impossible | Sequence[Exclude]  # what became of one cell; the last: what left it out


def composed(
    loader: hydra_compose.Loader, project: Path, given: Sequence[Override], experiments: Mapping[str, Experiment | None]
) -> Sweep:
    """Every cell that checked words name, composed with `loader`; `experiments` are the experiments among them.

    Raises SpecError for a wrong word in any cell, an exclude that excludes nothing, and where no cell is possible.
    """
    narrowed = any(one.key_or_group.partition(".")[0] not in NOT_SPEC for one in given)
    named = _named(given, experiments, project)
    common = set.intersection(*(set(words) for _, cells in named for words in cells))
    composer = Composer(loader, project, list(experiments))
    found: list[tuple[str, Outcome]] = []
    for own, cells in named:
        outcomes = [_outcome(composer.cell(words), own) for words in cells]
        if own and not narrowed:  # by words of the command line, to where an exclude has nothing to exclude
            _check_excludes(own, outcomes)
        titles = (" ".join(word for word in words if word not in common) for words in cells)
        found += zip(titles, outcomes, strict=True)
    return _sorted(found)


def _named(
    given: Sequence[Override], experiments: Mapping[str, Experiment | None], project: Path
) -> list[tuple[Experiment | None, list[list[str]]]]:
    """The words of each cell, by the experiment that states them. Of two words for one key the last counts.

    They are counted before any is made. Raises SpecError where they are too many.
    """
    words = {one.get_key_element(): overrides.expanded(one, project) for one in given}
    if not experiments:
        _check_count(math.prod(map(len, words.values())), given)
        return [(None, _product(words))]
    each = [(own, {**words, "experiment": [f"experiment={name}"]}) for name, own in experiments.items()]
    _check_count(sum(own.count(one) if own else math.prod(map(len, one.values())) for own, one in each), given)
    return [(own, list(own.combined(one)) if own else _product(one)) for own, one in each]


def _check_count(cells: int, given: Sequence[Override]) -> None:
    overrides.check_count(cells, " ".join(one.input_line or "" for one in given))


def _product(words: Mapping[str, Sequence[str]]) -> list[list[str]]:
    return [list(cell) for cell in itertools.product(*words.values())]


def _outcome(cell: Cell, own: Experiment | None) -> Outcome:
    excludes = [exclude for exclude in own.exclude if exclude.matches(cell.values)] if own else []
    if excludes:
        return excludes
    try:
        return schema.together(cell.checked)
    except Impossible as error:
        return error


def _check_excludes(own: Experiment, outcomes: Sequence[Outcome]) -> None:
    used = {id(exclude) for outcome in outcomes if isinstance(outcome, list) for exclude in outcome}
    idle = next((exclude for exclude in own.exclude if id(exclude) not in used), None)
    if idle:
        raise SpecError(f"{own.file}: sweep.exclude: {idle} matches no cell.", "Mend it, or leave it out.")


def _sorted(found: Sequence[tuple[str, Outcome]]) -> Sweep:
    """What is to be done, and what is left out. Cells that say the same are one."""
    specs = [(title, outcome) for title, outcome in found if isinstance(outcome, Spec)]
    impossible = [ImpossibleCell(title, error) for title, error in found if isinstance(error, Impossible)]
    cells: dict[str, tuple[str, Spec]] = {}
    for title, one in specs:
        cells.setdefault(one.key, (title, one))
    if not cells:
        raise impossible[0].error if impossible else SpecError("Every cell is excluded.", "Exclude less.")
    excluded = len(found) - len(specs) - len(impossible)
    return Sweep(list(cells.values()), impossible, excluded, repeated=len(specs) - len(cells))
