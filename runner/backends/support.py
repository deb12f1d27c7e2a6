"""The support matrix: backend × precision × scenario, from what each backend declares; nothing is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from runner.backends import loading, marks
from runner.backends.contract import AS_BUILT, PRECISIONS, REPRESENTATIONS
from runner.core.errors import SpecError
from runner.spec import options

Matrix = Mapping[str, Mapping[str, Mapping[str, str]]]


def matrix(project: Path) -> Matrix:
    """`{backend: {precision: {scenario: why not, or ""}}}`, a scenario with the batch of its YAML. A backend whose
    declaration can't be read takes nothing, and says why."""
    scenarios = options.names("scenario", project)
    batches = {one: int(options.values("scenario", one, project)["batch"]) for one in scenarios}
    return {name: _of(name, batches) for name in options.names("backend", project)}


def _of(name: str, batches: Mapping[str, int]) -> Mapping[str, Mapping[str, str]]:
    try:
        declared = loading.backend(name)
    except SpecError as error:
        return {precision: dict.fromkeys(batches, error.reason) for precision in (*PRECISIONS, AS_BUILT)}
    provided = {**dict.fromkeys(PRECISIONS, REPRESENTATIONS), AS_BUILT: declared.built}
    return {
        precision: {scenario: declared.refusal(precision, batch, forms) or "" for scenario, batch in batches.items()}
        for precision, forms in provided.items()
    }


def table(found: Matrix) -> list[str]:
    """Lines: of each backend and precision `yes` (`estimate` where nothing is run), `no`, or the scenarios in which it
    is taken; then why not, and what of the contract's tests a backend marks as not for it."""
    header = ["backend", *next(iter(found.values()))]
    rows = [
        [name, *(_cell(one, _taken(name)) for one in by_precision.values())] for name, by_precision in found.items()
    ]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (header, *rows)]
    return [*(line.rstrip() for line in lines), "", *_reasons(found), *_marked(found)]


def _taken(name: str) -> str:
    try:
        return "estimate" if loading.backend(name).capabilities.estimate else "yes"
    except SpecError:
        return "yes"


def _marked(found: Matrix) -> Iterator[str]:
    """What of the contract they say that they don't keep."""
    for name in found:
        with suppress(SpecError):  # a declaration that can't be read has told why above
            yield from marks.lines(name)


def _cell(by_scenario: Mapping[str, str], word: str) -> str:
    taken = [scenario for scenario, why in by_scenario.items() if not why]
    return word if len(taken) == len(by_scenario) else ", ".join(taken) or "no"


def _reasons(found: Matrix) -> list[str]:
    """Each reason once."""
    whys = [(name, why) for name, by in found.items() for scenarios in by.values() for why in scenarios.values() if why]
    return [why if why.startswith("backend=") else f"{name} {why}" for name, why in dict.fromkeys(whys)]
