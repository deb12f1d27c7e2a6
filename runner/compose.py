"""From command-line overrides to specs, by Hydra; and Hydra's errors as one or two lines."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner import options, study
from runner import project as projects
from runner.errors import RunnerError, SpecError, nearest
from runner.overrides import NOT_SPEC, check, expanded, parse, readable
from runner.schedule.settings import Schedule
from runner.schedule.settings import check as check_schedule
from runner.settings import build, rules
from runner.spec import AXES, PARTS, Spec, from_plain, settings_class

# Flags of Hydra's that start from other configs than ours.
OTHER_ROOTS = ("--config-name", "--config-path", "--config-dir", "--experimental-rerun")


def config_folder(project: Path) -> Path:
    """The folder with the root `config.yaml`: the project's own, or the shipped one."""
    return next(folder for folder in projects.conf_folders(project) if (folder / "config.yaml").is_file())


@contextmanager
def loader(project: Path) -> Iterator[Any]:
    """Hydra's config loader, for commands that don't go through `hydra.main`."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    with initialize_config_dir(str(config_folder(project)), version_base="1.3", job_name="runner"):
        yield GlobalHydra.instance().config_loader()


def one(project: Path, words: Iterable[str]) -> Spec:
    """The spec that a command line names. Raises SpecError, for a sweep too."""
    given = readable(words)
    with explained(project):
        check(parse(given), project, sweeps=False)
        if study.sweeps(parse(given), project):
            raise SpecError(f"{' '.join(given)}: a sweep, not one spec.", "In Python: runner.load_sweep(…).")
        with loader(project) as hydra_loader:
            return from_config(compose(hydra_loader, given))


def hydra_flags(words: Sequence[str]) -> Any:
    """Hydra's own flags of a command line (`overrides`, `multirun`, `cfg`, …). Raises SpecError for an unknown one."""
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()
    parser.exit_on_error = False
    try:
        flags, unknown = parser.parse_known_args(list(words))
    except argparse.ArgumentError as error:
        raise SpecError(f"{error}.".removeprefix("argument "), "See python -m runner --hydra-help.") from error
    if unknown:
        known = [option for action in parser._actions for option in action.option_strings]
        raise SpecError(f"{unknown[0]}: no such flag.{nearest(unknown[0], known)}", "See python -m runner --help.")
    for flag in OTHER_ROOTS:
        if getattr(flags, flag.strip("-").replace("-", "_")) is not None:
            raise SpecError(
                f"{flag}: every spec starts from conf/config.yaml, and there is no other.",
                "Options of your own lie in conf/<axis>/NAME.yaml, a whole study in experiments/NAME.yaml.",
            )
    return flags


def compose(hydra_loader: Any, overrides: Sequence[str]) -> DictConfig:
    """Hydra's composed config of one cell."""
    from hydra.types import RunMode

    config: DictConfig = hydra_loader.load_configuration(
        config_name="config", overrides=list(overrides), run_mode=RunMode.RUN, from_shell=False
    )
    return config


def through_sweeper(hydra_loader: Any, task: Any, words: Iterable[str]) -> None:
    """Hand the words to the sweeper that `hydra/sweeper` names, ours by default, as Hydra's `-m` does.

    Hydra would first compose all words that are not swept over, and refuse one that only fits a swept option.
    """
    from hydra._internal.callbacks import Callbacks
    from hydra.core.plugins import Plugins
    from hydra.types import HydraContext

    given = parse(words)
    config = compose(hydra_loader, [one.input_line or "" for one in given if one.is_hydra_override()])
    context = HydraContext(config_loader=hydra_loader, callbacks=Callbacks(config))
    sweeper = Plugins.instance().instantiate_sweeper(hydra_context=context, task_function=task, config=config)
    sweeper.sweep([one.input_line or "" for one in given if not one.is_hydra_override()])


def from_config(config: DictConfig) -> Spec:
    """The checked spec of a composed config."""
    return from_plain(plain(config))


def schedule(hydra_loader: Any, project: Path, words: Iterable[str]) -> Schedule:
    """How a command's steps are run: what its words, or its experiment's file, say of `schedule`. Raises SpecError."""
    named = [one for one in parse(words) if one.key_or_group.partition(".")[0] in ("schedule", "experiment")]
    return schedule_of(compose(hydra_loader, [expanded(one, project)[0] for one in named]), project)


def schedule_of(config: DictConfig, project: Path) -> Schedule:
    """The checked `schedule` of a composed config; of a project's own config.yaml that has none the shipped default."""
    values: Any = options.values("schedule", "local", project)
    if config.get("schedule") is not None:
        values = OmegaConf.to_container(config.schedule, resolve=True, throw_on_missing=True)
    name = str(values.pop("name", ""))
    found: Schedule = build(settings_class("schedule", name), values, "schedule")
    check_schedule(found)
    return found


def plain(config: DictConfig) -> dict[str, Any]:
    """What a spec is made of, with every interpolation resolved."""
    values: Any = OmegaConf.to_container(ours(config), resolve=True, throw_on_missing=True)
    return dict(values)


def ours(config: DictConfig) -> DictConfig:
    """The part of a composed config that a spec is made of."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key not in NOT_SPEC])


@contextmanager
def explained(project: Path) -> Iterator[None]:
    """Hydra's, OmegaConf's and YAML's errors as SpecErrors."""
    try:
        yield
    except RunnerError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise options.yaml_error(mark.name if mark else "a YAML file", error) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise _explain(error, project) from error


def _explain(error: Exception, project: Path) -> SpecError:
    if isinstance(error, MissingConfigException):
        return _missing(error)
    text = str(error.__cause__ or error)
    unknown = re.search(r"Key '([^']+)' is not in struct(?:\n\s*full_key: (\S+))?", text)
    if unknown:
        return _unknown_key(unknown.group(2) or unknown.group(1), project)
    first = [line.strip() for line in str(error).splitlines() if line.strip()]
    detail = [line for line in first[1:2] if not line.startswith("full_key")]
    return SpecError(" ".join(first[:1] + detail), "See python -m runner --help.")


def _missing(error: MissingConfigException) -> SpecError:
    """A defaults list names an option that is not there."""
    axis, _, name = str(error.missing_cfg_file).rpartition("/")
    file = re.match(r"In '([^']+)'", str(error))
    where = f"{_file_of(file[1])}: " if file else ""
    known = error.options or []
    there = f"There are: {', '.join(known)}." if known else f"Its defaults list names what conf/{axis} does not have."
    return SpecError(f"{where}{axis}={name}: no such {axis or 'option'}.{nearest(name, known)}", there)


def _file_of(config: str) -> str:
    """A config as Hydra calls it (`experiment/mine`, `model/gru`), by its file."""
    folder = "" if config.startswith("experiment/") else "conf/"
    return f"{folder}{config}.yaml".replace("experiment/", "experiments/", 1)


def _unknown_key(full: str, project: Path) -> SpecError:
    axis, _, key = full.partition(".")
    known = _keys(axis, project)
    listed = f"Its keys: {', '.join(known)}." if known else f"It is one value: {axis}=…"
    advice = f"See its keys: python -m runner show {axis}=…" if axis in AXES else listed
    return SpecError(f"{full}: {axis} has no such key.{nearest(key, known)}", advice)


def _keys(axis: str, project: Path) -> list[str]:
    """The keys of an axis' options, or of a part of the spec that has no options."""
    if axis in PARTS:
        return [*rules(settings_class(axis, ""))]
    every = (options.values(axis, option, project) for option in options.names(axis, project))
    return [*dict.fromkeys(key for values in every for key in values)]
