"""What a command line asks for: its words read once, and the specs that they name.

The walk is one way: words -> overrides -> the experiments that they name -> composed and checked cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from runner.core.errors import SpecError
from runner.spec import hydra_compose, interpolations, overrides
from runner.spec.schedule import Schedule
from runner.spec.schema import Spec, Sweep
from runner.sweeps import expansion, experiment_file
from runner.sweeps.experiment_file import Experiment


@dataclass(frozen=True)
class Request:
    """The specs of a command, those of one spec being a sweep of one, and how their steps are run."""

    sweep: Sweep
    schedule: Schedule
    sweeps: bool

    @property
    def spec(self) -> Spec:
        """The spec, where it is one."""
        return self.sweep.cells[0][1]


@dataclass(frozen=True)
class _Words:
    """Words that were read: each names what is there. `experiments` are the experiments among them, by name, with the
    sweep that each states."""

    project: Path
    given: Sequence[Override]
    experiments: Mapping[str, Experiment | None]
    sweeps: bool


def read(project: Path, words: Iterable[str], *, multirun: bool = False) -> Request:
    """What `words` ask for: a sweep where it is a `multirun` or an experiment's file states one. Raises SpecError."""
    with hydra_compose.explained(project):
        parsed = _parsed(project, words, multirun)
        loader = hydra_compose.loader(project)
        if parsed.sweeps:
            schedule = hydra_compose.schedule(loader, project, parsed.given)
            return Request(expansion.composed(loader, project, parsed.given, parsed.experiments), schedule, True)
        config = hydra_compose.compose(loader, parsed.given)
        spec = hydra_compose.from_config(config)
        return Request(Sweep([("", spec)], []), hydra_compose.schedule_of(config, project), False)


def config(project: Path, words: Iterable[str], *, resolve: bool) -> str:
    """The config that `words` make, as YAML, without what an experiment's file sweeps over. Raises SpecError."""
    with hydra_compose.explained(project):
        found = hydra_compose.compose(hydra_compose.loader(project), _parsed(project, words, multirun=False).given)
        return OmegaConf.to_yaml(interpolations.resolved(found) if resolve else found).rstrip()


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


def _parsed(project: Path, words: Iterable[str], multirun: bool) -> _Words:
    given = overrides.parse(words)
    experiments = experiment_file.named(given, project)
    sweeps = multirun or any(experiments.values())
    overrides.check(given, project, sweeps)
    return _Words(project, given, experiments, sweeps)
