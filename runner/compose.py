"""From command-line overrides to specs, by Hydra; and Hydra's errors as one or two lines."""

from __future__ import annotations

import argparse
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runner import options
from runner import project as projects
from runner.errors import RunnerError, SpecError, nearest
from runner.spec import AXES, PARTS, Spec, from_plain

FILLED = ("model.shapes.", "model.shapes=")
NOT_SPEC = ("experiment", "hydra")


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


def specs(project: Path, arguments: Sequence[str], multirun: bool = False) -> list[Spec]:
    """The specs that a command line names. Raises SpecError."""
    words = readable(arguments)
    with explained(project):
        check_options(project, words, multirun)
        with loader(project) as hydra_loader:
            return cells(hydra_loader, words, multirun)


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
    return flags


def readable(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra's grammar wants them: entries of `baseline.overrides=[a=b,c.d=e]` quoted, keys below
    a mapping that the user fills (`model.shapes.x=[1,4]`) marked as new."""
    head = "baseline.overrides=["
    quoted = [_quoted(word, head) if word.startswith(head) and word.endswith("]") else word for word in arguments]
    return [f"++{word}" if word.startswith(FILLED) else word for word in quoted]


def _quoted(word: str, head: str) -> str:
    entries = [entry.strip() for entry in word[len(head) : -1].split(",") if entry.strip()]
    return head + ",".join(entry if entry[0] in "'\"" else f"'{entry}'" for entry in entries) + "]"


def cells(hydra_loader: Any, arguments: Sequence[str], multirun: bool) -> list[Spec]:
    """One spec a combination of swept values, all composed and validated before any work."""
    combinations = expand(arguments) if multirun else [list(arguments)]
    return [from_config(compose(hydra_loader, overrides)) for overrides in combinations]


def compose(hydra_loader: Any, overrides: Sequence[str]) -> DictConfig:
    """Hydra's composed config of one cell."""
    from hydra.types import RunMode

    config: DictConfig = hydra_loader.load_configuration(
        config_name="config", overrides=list(overrides), run_mode=RunMode.RUN, from_shell=False
    )
    return config


def from_config(config: DictConfig) -> Spec:
    """The checked spec of a composed config."""
    ours = OmegaConf.masked_copy(config, [str(key) for key in config if key not in NOT_SPEC])
    plain: Any = OmegaConf.to_container(ours, resolve=True, throw_on_missing=True)
    return from_plain(plain)


def expand(arguments: Sequence[str]) -> list[list[str]]:
    """Every combination of `axis=a,b` (also `choice()` and `range()` of Hydra's grammar)."""
    return [list(combination) for combination in itertools.product(*(_values(item) for item in parse(arguments)))]


def parse(arguments: Sequence[str]) -> list[Override]:
    """Hydra's overrides. Raises SpecError with the one that can't be read."""
    parser = OverridesParser.create()
    return [_parse(parser, word) for word in arguments]


def _parse(parser: OverridesParser, word: str) -> Override:
    if "=" not in word and not word.startswith("~"):
        raise SpecError(f"{word}: key=value expected.", "For instance: model=gru model.hidden=64")
    try:
        return parser.parse_override(word)
    except HydraException as error:
        detail = str(error).splitlines()[0].split(" See https://")[0]
        advice = "Quote what has special characters: 'key=\"a b\"'"
        raise SpecError(f"{word}: can't be read: {detail}.", advice) from error


def _values(override: Override) -> list[str]:
    if not override.is_sweep_override():
        return [override.input_line or ""]
    key = override.get_key_element()
    if override.is_discrete_sweep():
        return [f"{key}={value}" for value in override.sweep_string_iterator()]
    raise SpecError(f"{override.input_line}: an interval can't be swept over.", "Name the values: key=1,2,4")


def check_options(project: Path, arguments: Sequence[str], multirun: bool) -> None:
    """Every `axis=option` names an option that is there, every key an axis: answered before Hydra composes."""
    for override in parse(arguments):
        line = override.input_line or ""
        axis, _, rest = override.key_or_group.partition(".")
        _check_axis(axis, line)
        if isinstance(override.value(), Glob):
            raise SpecError(f"{line}: a pattern can't be swept over.", f"Name the options: {override.key_or_group}=a,b")
        if override.is_sweep_override() and not multirun:
            raise SpecError(f"{line}: several values make a sweep.", f"Add -m: python -m runner -m {line}")
        if rest or override.package is not None or override.is_delete():
            continue
        if axis in AXES:
            for name in _option_names(override):
                _check_option(axis, name, project)
        if axis == "experiment":
            for name in _option_names(override):
                _check_experiment(name, project)


def _check_option(axis: str, name: str, project: Path) -> None:
    path = options.file(axis, name, project)
    content = options.load_yaml(path)
    if "name" not in content and "defaults" not in content:
        raise SpecError(f"{path}: it doesn't say its name.", f"Begin it with: name: {name}")


def _check_axis(axis: str, line: str) -> None:
    known = [*AXES, "seed", *PARTS, *NOT_SPEC]
    if axis.split("/")[0] not in known:
        raise SpecError(f"{line}: no such key.{nearest(axis, known)}", f"Keys: {', '.join(known[:-1])}.")


def _option_names(override: Override) -> list[str]:
    if override.is_sweep_override():
        return [str(value) for value in override.sweep_iterator()] if override.is_discrete_sweep() else []
    value = override.value()
    if value is None:
        return []
    if not isinstance(value, str):
        name = override.key_or_group
        raise SpecError(
            f"{override.input_line}: one option of {name} expected.",
            f"Try several in a sweep: python -m runner -m {name}=a,b",
        )
    return [value]


def _check_experiment(name: str, project: Path) -> None:
    studies = {path.stem: path for folder in projects.experiment_folders(project) for path in folder.glob("*.yaml")}
    known = sorted(studies)
    if name in known:
        options.load_yaml(studies[name])
    else:
        raise SpecError(
            f"experiment={name}: no such study.{nearest(name, known)}",
            f"There are: {', '.join(known) or 'none yet; put NAME.yaml into experiments/'}.",
        )


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
    text = str(error.__cause__ or error)
    unknown = re.search(r"Key '([^']+)' is not in struct(?:\n\s*full_key: (\S+))?", text)
    if unknown:
        return _unknown_key(unknown.group(2) or unknown.group(1), project)
    first = [line.strip() for line in str(error).splitlines() if line.strip()]
    detail = [line for line in first[1:2] if not line.startswith("full_key")]
    return SpecError(" ".join(first[:1] + detail), "See python -m runner --help.")


def _unknown_key(full: str, project: Path) -> SpecError:
    axis, _, key = full.partition(".")
    return SpecError(
        f"{full}: {axis} has no such key.{_nearest_key(axis, key, project)}",
        f"See its keys: python -m runner show {axis}=…",
    )


def _nearest_key(axis: str, key: str, project: Path) -> str:
    if axis not in AXES:
        return ""
    every = {name for option in options.names(axis, project) for name in options.values(axis, option, project)}
    return nearest(key, every)
