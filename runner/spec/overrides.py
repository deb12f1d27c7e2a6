"""The words of a command line: what each stands for; slips in them are answered before anything is composed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from hydra.core.override_parser.types import Glob, Override, QuotedString, RangeSweep

from runner.core import advice
from runner.core import project_paths as projects
from runner.core.errors import SpecError, nearest
from runner.spec import options, words
from runner.spec.schema import AXES, BESIDE, GROUPS, PARTS
from runner.spec.words import word as word

NOT_SPEC = ("experiment", *BESIDE)
CELLS = 100_000  # of one sweep: at 4 s a cell these are five days


def parse(texts: Iterable[str]) -> list[Override]:
    """Words as Hydra's overrides. Raises SpecError with the one that can't be read."""
    return [words.parse(text) for text in texts]


def expanded(override: Override, project: Path) -> list[str]:
    """The words of one value each that a word stands for: `a,b`, `choice(a,b)`, `range(1,9)`, `glob(*)` are several."""
    if not override.is_sweep_override():
        return [override.input_line or ""]
    key, value = override.get_key_element(), override.value()
    if not override.is_discrete_sweep():
        raise SpecError(f"{override.input_line}: an interval can't be swept over.", "Name the values: key=1,2,4")
    if isinstance(value, Glob):
        found = value.filter(_options(override, project))
    elif isinstance(value, RangeSweep):
        check_count(steps := _steps(value), override.input_line or key)
        found = [str(number) for number in override.sweep_iterator()] if steps else []
    else:
        found = [words.element(one) for one in override.sweep_iterator()]
    if not found:
        raise SpecError(f"{override.input_line}: matches no values.", "Name the values: key=1,2,4")
    return [f"{key}={one}" for one in found]


def _steps(sweep: RangeSweep) -> int:
    """How many values a range has, before any is made."""
    if sweep.start is None or sweep.stop is None or not sweep.step:
        return 0
    try:
        return max(0, math.ceil((Decimal(sweep.stop) - Decimal(sweep.start)) / Decimal(sweep.step)))
    except (ArithmeticError, ValueError) as error:  # of nan or inf
        raise SpecError(f"range({sweep.start},{sweep.stop},{sweep.step}): has no end.", "Name its bounds.") from error


def check_count(cells: int, said: str) -> None:
    """Raises SpecError where a sweep has more cells than can be measured."""
    if cells > CELLS:
        raise SpecError(
            f"{said}: {cells:,} cells, more than the {CELLS:,} that one sweep may have.",
            "Give fewer values, wider steps (range(0,100,10)), or one part of it at a time.",
        )


def _options(override: Override, project: Path) -> list[str]:
    axis = override.key_or_group
    if axis == "experiment":
        return sorted(projects.experiments(project))
    if axis in (*AXES, "schedule"):
        return options.names(axis, project)
    raise SpecError(
        f"{override.input_line}: glob() finds options of an axis, not values.", "Name the values: key=1,2,4"
    )


def check(overrides: Sequence[Override], project: Path, sweeps: bool) -> None:
    """Every `axis=option` names an option that is there, every key an axis; several values only where it `sweeps`.

    Raises SpecError. What an experiment names, `sweeps/experiment_file.py` checks.
    """
    for override in overrides:
        line = override.input_line or ""
        axis, _, rest = override.key_or_group.partition(".")
        _check_axis(axis, line)
        if axis in BESIDE and override.is_sweep_override():
            raise _one_for_all(axis, line)
        if override.is_sweep_override() and not sweeps:
            raise SpecError(
                f"{line}: several values make a sweep.", f"Add -m: {advice.shell('python', '-m', 'runner', '-m', line)}"
            )
        if rest or override.package is not None or override.is_delete():
            continue
        if axis in GROUPS:
            for name in named(override, project):
                _check_option(axis, name, project)


def _one_for_all(axis: str, line: str) -> SpecError:
    if axis == "schedule":
        return SpecError(f"{line}: one schedule runs every cell.", "Name one: schedule=local")
    key, _, value = line.partition("=")
    quoted = advice.shell(f"{key}={words.text_of(value)}")
    return SpecError(f"{line}: every cell's run gets the same.", f"Name one value; a text has quotes: {quoted}")


def _check_axis(axis: str, line: str) -> None:
    known = [*AXES, "seed", *PARTS, *NOT_SPEC]
    if axis.split("/")[0] not in known:
        raise SpecError(f"{line}: no such key.{nearest(axis, known)}", f"Keys: {', '.join(known)}.")


def _check_option(axis: str, name: str, project: Path) -> None:
    path = options.file(axis, name, project)
    content = options.load_yaml(path)
    if "name" not in content and "defaults" not in content:
        raise SpecError(f"{path}: it doesn't say its name.", f"Begin it with: name: {name}")


def named(override: Override, project: Path) -> list[str]:
    """The options that a word names."""
    if isinstance(override.value(), Glob):
        return [one.partition("=")[2] for one in expanded(override, project)]
    if override.is_sweep_override():
        found = list(override.sweep_iterator()) if override.is_discrete_sweep() else []
        return [value.text if isinstance(value, QuotedString) else str(value) for value in found]
    value = override.value()
    if not isinstance(value, str):
        axis = override.key_or_group
        known = _options(override, project)
        several = advice.shell("python", "-m", "runner", "-m", f"{axis}={','.join(known[:2])}")
        raise SpecError(
            f"{override.input_line}: one option of {axis} expected.",
            f"Name one: {advice.setting('schedule', known[-1])}"
            if axis == "schedule"
            else f"Several are a sweep: {several}",
        )
    return [value]
