"""What a command line asks for: its words read once, and the specs that they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core.errors import SpecError
from runner.spec import schedule, tracking
from runner.spec.schedule import Schedule
from runner.spec.schema import Spec, Sweep, from_plain
from runner.spec.tracking import Settings as Tracking
from runner.sweeps import kept_composition
from runner.sweeps.kept_composition import Composed


@dataclass(frozen=True)
class Request:
    """The specs of a command, those of one spec being a sweep of one, how their steps are run, and what their runs in
    MLflow bear."""

    sweep: Sweep
    schedule: Schedule
    tracking: Tracking
    sweeps: bool

    @property
    def spec(self) -> Spec:
        """The spec, where it is one."""
        return self.sweep.cells[0][1]


def read(project: Path, words: Iterable[str], *, multirun: bool = False) -> Request:
    """What `words` ask for: a sweep where it is a `multirun` or an experiment's file states one. Raises SpecError.

    One spec's words that were composed before, from the same files, aren't composed again.
    """
    typed = tuple(words)
    place = None if multirun else kept_composition.place(project, typed)
    kept = place and kept_composition.read(place)
    if kept:
        return _one(kept)
    from runner.sweeps import composition  # Hydra's import takes longer than all else that a plan needs

    found = composition.compose(project, typed, multirun)
    if not isinstance(found, Composed):
        return Request(*found, sweeps=True)
    asked = _one(found)
    if place:
        kept_composition.write(place, found, project, typed)
    return asked


def _one(composed: Composed) -> Request:
    beside = (schedule.built(composed.schedule), tracking.built(composed.tracking))
    return Request(Sweep([("", from_plain(composed.spec))], []), *beside, sweeps=False)


def config(project: Path, words: Iterable[str], *, resolve: bool) -> str:
    """The config that `words` make, as YAML, without what an experiment's file sweeps over. Raises SpecError."""
    from runner.sweeps import composition

    return composition.as_yaml(project, words, resolve=resolve)


def single(project: Path, words: Sequence[str]) -> Request:
    """What `words` ask for. Raises SpecError, for a sweep too."""
    asked = read(project, words)
    if asked.sweeps:
        raise SpecError(f"{' '.join(words)}: a sweep, not one spec.", "In Python: runner.sweep(…).")
    return asked


def one(project: Path, words: Sequence[str]) -> Spec:
    """The spec that `words` name. Raises SpecError, for a sweep too."""
    return single(project, words).spec


def cells(project: Path, words: Iterable[str]) -> Sweep:
    """The sweep that `words` name. Raises SpecError."""
    return read(project, words, multirun=True).sweep
