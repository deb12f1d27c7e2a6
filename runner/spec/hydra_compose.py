"""From command-line overrides to specs, by Hydra; and Hydra's errors as one or two lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository
from hydra._internal.defaults_list import create_defaults_list
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import DictConfig, ListConfig, OmegaConf, flag_override
from omegaconf.errors import ConfigTypeError, OmegaConfBaseException

from runner.core import advice, project_paths
from runner.core.errors import RunnerError, SpecError, nearest
from runner.core.foreign_text import line
from runner.core.setting_rules import rules
from runner.spec import interpolations, options
from runner.spec.config_source import Repository
from runner.spec.overrides import NOT_SPEC, expanded, parse
from runner.spec.schema import PART_CLASSES, settings_class
from runner.spec.tracking import Settings as Tracking

HELP = "See python -m runner --help."


@dataclass(frozen=True)
class Loader:
    """Composes the configs of one project."""

    repository: Repository


def loader(project: Path) -> Loader:
    """What composes a project's configs."""
    version.setbase("1.3")
    return Loader(Repository(project))


def compose(loader: Loader, given: Sequence[Override]) -> DictConfig:
    """The composed config of one cell: Hydra's defaults lists and overrides, without Hydra's own node.

    Raises SpecError, and what `explained` turns into one.
    """
    repository = CachingConfigRepository(loader.repository)
    try:
        found = create_defaults_list(
            repo=repository, config_name="config", overrides_list=list(given), prepend_hydra=False, skip_missing=False
        )
        config = OmegaConf.create()
        with flag_override(config, "no_deepcopy_set_nodes", True):
            for default in found.defaults:
                _merge(config, _placed(default, repository), default)
        OmegaConf.set_struct(config, True)
        ConfigLoaderImpl._apply_overrides_to_config(found.config_overrides, config)
    except OmegaConfBaseException as error:
        raise ConfigCompositionException() from error
    except RecursionError as error:
        raise SpecError(
            "Defaults lists include each other without end.", "Look into what each option brings."
        ) from error
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # Hydra's own code meets words and lists that it doesn't expect: they can't be composed.
        said = line(str(error) or type(error).__name__, longest=300)
        typed = line(" ".join(one.input_line or "" for one in given), longest=300)
        raise SpecError(f"{typed}: can't be composed: {said}", HELP) from error
    return config


def _merge(config: DictConfig, placed: DictConfig, default: ResultDefault) -> None:
    """Raises SpecError naming file and key where a list would take a mapping's place, or a mapping a list's."""
    try:
        config.merge_with(placed)
    except ConfigTypeError as error:
        key = next(_clashes(config, placed), "")
        what = "a list, where keys with values are" if key and _is_list(placed, key) else "no list, where one is"
        file = _file_of(str(default.config_path))
        raise SpecError(f"{file}: {key}: {what}.", "Write keys with values as {a: 1}, a list as [a, b].") from error


def _clashes(config: DictConfig, placed: DictConfig, above: str = "") -> Iterator[str]:
    for key in filter(config.__contains__, placed):
        mine, theirs = config._get_node(key), placed._get_node(key)
        if isinstance(mine, DictConfig) and isinstance(theirs, DictConfig):
            yield from _clashes(mine, theirs, f"{above}{key}.")
        elif {type(mine), type(theirs)} == {DictConfig, ListConfig}:
            yield f"{above}{key}"


def _is_list(placed: DictConfig, key: str) -> bool:
    return isinstance(OmegaConf.select(placed, key), ListConfig)


def _placed(default: ResultDefault, repository: CachingConfigRepository) -> Any:
    """One file's content at its place (its package) in the whole config."""
    found = repository.load_config(str(default.config_path))
    if found is None:
        raise MissingConfigException(f"{default.config_path} is not there.", default.config_path)
    return ConfigLoaderImpl._embed_result_config(found, default.package).config


def beside(loader: Loader, project: Path, given: Iterable[Override]) -> DictConfig:
    """What a command's words, or its experiment's file, say beside the specs of a sweep. Raises SpecError."""
    named = [one for one in given if one.key_or_group.partition(".")[0] in NOT_SPEC]
    return compose(loader, parse(expanded(one, project)[0] for one in named))


def schedule_values(config: DictConfig, project: Path) -> dict[str, Any]:
    """The `schedule` of a composed config; of a project's own config.yaml that has none the shipped default."""
    chosen = config.get("schedule")
    if chosen is None:
        return options.values("schedule", "local", project)
    if not isinstance(chosen, DictConfig):
        raise SpecError(f"schedule={chosen}: a mapping expected.", "For instance: schedule.workers=2")
    return interpolations.resolved(config, "schedule")


def tracking_values(config: DictConfig) -> dict[str, Any]:
    """The `tracking` of a composed config; what a project's own config.yaml lacks of it is as shipped."""
    chosen = config.get("tracking")
    if chosen is not None and not isinstance(chosen, DictConfig):
        raise SpecError(f"tracking={chosen}: a mapping expected.", "For instance: tracking.tags.project=NAME")
    values = {} if chosen is None else interpolations.resolved(config, "tracking")
    if rules(Tracking).keys() <= values.keys():
        return values
    return {**options.load_yaml(project_paths.shipped("conf") / "config.yaml")["tracking"], **values}


def plain(config: DictConfig) -> dict[str, Any]:
    """What a spec is made of, with every interpolation resolved."""
    return interpolations.resolved(ours(config))


def ours(config: DictConfig) -> DictConfig:
    """The part of a composed config that a spec is made of."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key not in NOT_SPEC])


@contextmanager
def explained(project: Path, apart: str = "") -> Iterator[None]:
    """Hydra's and OmegaConf's errors as SpecErrors; `apart` says how to give a key to some of several options alone."""
    try:
        yield
    except RunnerError:
        raise
    except (HydraException, OmegaConfBaseException) as error:
        raise _explain(error, project, apart) from error


def _explain(error: Exception, project: Path, apart: str) -> SpecError:
    if isinstance(error, MissingConfigException):
        return _missing(error)
    text = str(error.__cause__ or error)
    unknown = re.search(r"Key '([^']+)' is not in struct(?:\n\s*full_key: (\S+))?", text)
    if unknown:
        chosen = getattr(getattr(error.__cause__ or error, "parent_node", None), "name", "")
        return _unknown_key(unknown.group(2) or unknown.group(1), str(chosen), apart, project)
    if word := re.match(r"Error merging override (.+)", str(error)):
        return SpecError(f"{word[1]}: a list, or keys with values, that don't fit there.", "See what is: --cfg job")
    if early := re.match(r"In '([^']+)': Could not override '(\w+)", str(error)):
        axis = early[1].split("/")[0]
        reason = (
            f"{_file_of(early[1])} brings a {early[2]} of its own, and conf/config.yaml has none before its {axis}."
        )
        return SpecError(reason, f"In the defaults list of conf/config.yaml, put {axis} after the other options.")
    first = [line.strip() for line in str(error).splitlines() if line.strip()]
    detail = [line for line in first[1:2] if not line.startswith("full_key")]
    return SpecError(" ".join(first[:1] + detail), HELP)


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


def _unknown_key(full: str, chosen: str, apart: str, project: Path) -> SpecError:
    axis, _, key = full.partition(".")
    known = _keys(axis, project)
    owners = [option for option, names in known.items() if option and key in names]
    if owners:
        reason = (
            f"{full}: {axis}={chosen} has no such key, {axis}={' and '.join(owners)} {'have' if owners[1:] else 'has'}."
        )
        return SpecError(reason, f"Choose {advice.shell(f'{axis}={owners[0]}')}, or leave {full} out.{apart}")
    near = nearest(key, [name for names in known.values() for name in names])
    if known and "" not in known:
        meant = {key.partition(".")[0], near.split()[-1][:-1] if near else ""}
        option = next((option for option, names in known.items() if meant & {*names}), "")
        shown = advice.shell("python", "-m", "runner", "show", f"{axis}={option or next(iter(known), '')}")
        return SpecError(f"{full}: {axis} has no such key.{near}", f"See its keys: {shown}")
    listed = f"Its keys: {', '.join(known[''])}." if known.get("") else f"It is one value: {axis}=0"
    return SpecError(f"{full}: {axis} has no such key.{near}", listed)


def _keys(axis: str, project: Path) -> dict[str, list[str]]:
    """The keys of each option of an axis; of a part of the spec that has no options those of the option ``."""
    if axis in PART_CLASSES:
        return {"": [*rules(settings_class(axis, ""))]}
    found: dict[str, list[str]] = {}
    for option in options.names(axis, project):
        with suppress(SpecError):  # a file that nobody asked for
            found[option] = [*options.values(axis, option, project)]
    return found
