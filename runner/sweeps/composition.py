"""Words composed by Hydra, and checked. The walk is one way: words -> overrides -> the experiments that they name ->
composed cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from runner.spec import hydra_compose, interpolations, overrides, schedule, tracking
from runner.spec.schedule import Schedule
from runner.spec.schema import Sweep
from runner.spec.tracking import Settings as Tracking
from runner.sweeps import expansion, experiment_file
from runner.sweeps.experiment_file import Experiment
from runner.sweeps.kept_composition import Composed

APART = " Cells of different settings: sweep.cells of an experiment (docs/sweeps.md)."


@dataclass(frozen=True)
class _Words:
    """Words that were read: each names what is there. `experiments` are the experiments among them, by name, with the
    sweep that each states."""

    given: Sequence[Override]
    experiments: Mapping[str, Experiment | None]
    sweeps: bool


def compose(project: Path, words: Iterable[str], multirun: bool) -> Composed | tuple[Sweep, Schedule, Tracking]:
    """What `words` come to: plain values of one spec, or a checked sweep. Raises SpecError."""
    with hydra_compose.explained(project):
        parsed = _parsed(project, words, multirun)
        loader = hydra_compose.loader(project)
        if parsed.sweeps:
            config = hydra_compose.beside(loader, project, parsed.given)
            run_by = schedule.built(hydra_compose.schedule_values(config, project))
            tracked = tracking.built(hydra_compose.tracking_values(config))
            with hydra_compose.explained(project, APART):
                return expansion.composed(loader, project, parsed.given, parsed.experiments), run_by, tracked
        config = hydra_compose.compose(loader, parsed.given)
        values = (hydra_compose.schedule_values(config, project), hydra_compose.tracking_values(config))
        return Composed(hydra_compose.plain(config), *values)


def as_yaml(project: Path, words: Iterable[str], *, resolve: bool) -> str:
    """The config that `words` make, as YAML, without what an experiment's file sweeps over. Raises SpecError."""
    with hydra_compose.explained(project):
        found = hydra_compose.compose(hydra_compose.loader(project), _parsed(project, words, multirun=False).given)
        return OmegaConf.to_yaml(interpolations.resolved(found) if resolve else found).rstrip()


def _parsed(project: Path, words: Iterable[str], multirun: bool) -> _Words:
    given = overrides.parse(words)
    experiments = experiment_file.named(given, project)
    sweeps = multirun or any(experiments.values())
    overrides.check(given, project, sweeps)
    return _Words(given, experiments, sweeps)
