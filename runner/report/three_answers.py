"""A comparison in three answers, from its records alone: same conditions? speed-up? what next?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.advice import shell
from runner.report import recommendations
from runner.report.roofline_table import SHARE
from runner.results import naming
from runner.results.comparison import Comparison
from runner.results.formatting import cells, ratio, worded
from runner.results.rows import Row
from runner.spec import preprocess
from runner.spec.labels import flatten

ALIKE = ("model", "data", "compression", "scenario", "hardware")  # axes that have to be as the baseline's
ROOM = 0.5  # share of the physical bound below which there is much to win
FEW = 6  # cells of one answer that are named


@dataclass(frozen=True)
class Answer:
    """A question, and what the records say to it, in lines."""

    question: str
    lines: tuple[str, ...]


def of(comparison: Comparison) -> tuple[Answer, ...]:
    """The three; none where nothing was compared."""
    rows = [row for row in comparison.rows if row.measured and row.against and row.against.kind != "baseline"]
    if not rows:
        return ()
    return (
        Answer("Same conditions?", tuple(_told(comparison, ((row, _conditions(row)) for row in rows)))),
        Answer("Speed-up?", tuple(_speedups(comparison, rows))),
        Answer("What next?", tuple(_told(comparison, ((row, one) for row in rows for one in _next(row))))),
    )


def as_json(comparison: Comparison) -> list[dict[str, Any]]:
    """`[{"question", "lines": [text]}]`; none where nothing was compared."""
    return [{"question": one.question, "lines": list(one.lines)} for one in of(comparison)]


def _told(comparison: Comparison, found: Iterable[tuple[Row, str]]) -> Iterator[str]:
    """Each text once, with the cells that it is about."""
    about: dict[str, list[str]] = {}
    for row, text in found:
        about.setdefault(text, []).append(comparison.name(row))
    for text, names in about.items():
        yield f"{text} ({'; '.join(names) if len(names) <= FEW else cells(len(names))})"


# --- same conditions? ---


def _conditions(row: Row) -> str:
    """`yes: in pairs, on one machine, …`, or in what the two sides differ beside the backend."""
    assert row.against is not None
    differing = [] if row.base is None else list(_differing(row.result.spec, row.base, _precisions(row)))
    flagged = len(row.result.conditions.flags)
    disturbed = f"; {flagged} of {row.against.pairs} pairs disturbed" if flagged else ""
    if row.against.kind == "unpaired":
        return "no: not measured together, but compared by what each left behind"
    if differing:
        return f"no: {', '.join(differing)}{disturbed}"
    return f"yes: {row.against.kind}, with one model, data, precision, scenario and number of threads{disturbed}"


def _precisions(row: Row) -> tuple[str, str]:
    """Those that ran; the baseline's only where it was measured with the row."""
    own = row.against is not None and row.against.own
    mine = naming.precision(row.result, "candidate")
    theirs = naming.precision(row.result, "baseline") if own else str((row.base or {}).get("precision", {}).get("name"))
    return mine, theirs


def _differing(spec: Mapping[str, Any], base: Mapping[str, Any], precisions: tuple[str, str]) -> Iterator[str]:
    """`precision int8 against fp32`, `scenario.batch 8 against 1`."""
    mine, theirs = (dict(flatten({axis: one[axis] for axis in ALIKE if axis in one})) for one in (spec, base))
    mine["threads"], theirs["threads"] = (str(one["backend"].get("threads")) for one in (spec, base))
    mine["samples"], theirs["samples"] = (_samples(one) for one in (spec, base))
    mine["precision"], theirs["precision"] = precisions
    for key in dict.fromkeys((*mine, *theirs)):
        if mine.get(key) != theirs.get(key):
            yield f"{key.removesuffix('.name')} {mine.get(key)} against {theirs.get(key)}"


def _samples(spec: Mapping[str, Any]) -> str:
    """Whoever gets them raw makes them ready, in one way or another."""
    return "ready" if "preprocess" not in spec or spec["preprocess"]["name"] == preprocess.NONE else "raw"


# --- speed-up? ---


def _speedups(comparison: Comparison, rows: Sequence[Row]) -> Iterator[str]:
    """Of each model the fastest cells."""
    by_model: dict[str, list[Row]] = {}
    for row in rows:
        by_model.setdefault(naming.names(row.result)["model"], []).append(row)
    for model, its in by_model.items():
        for row in its[:FEW]:
            yield f"{model}: {_speedup(comparison, row)}"
        if len(its) > FEW:
            yield f"{model}: {cells(len(its) - FEW)} more in the table"


def _speedup(comparison: Comparison, row: Row) -> str:
    found = row.against
    assert found is not None
    told = row.unfit or worded(found.verdict, found.correction)
    return f"{comparison.name(row)} {ratio(found.ratio, found.low, found.high)} as fast as {found.over}: {told}"


# --- what next? ---


def _next(row: Row) -> Iterator[str]:
    """What of it could be better or surer."""
    result = row.result
    if row.unfit:
        yield f"nobody should choose it: {row.unfit}"
        return
    if result.ran("candidate").settings.get("tuned") is False:
        yield "it is not tuned: backend.tuning.trials=256 tries other layouts of its kernels"
    yield from (f"{one}: a larger backend.tuning.budget_s goes on" for one in result.warnings if _ended_early(one))
    if naming.misnamed(result):
        yield f"its precision was not kept: {naming.misnamed(result)}"
    if row.against and row.against.verdict == "slower":
        yield f"why it is slower, by layers: {shell('python', '-m', 'runner', 'explain', result.record_id)}"
    if row.against and row.against.verdict == "ambiguous":
        yield from recommendations.advice(result)[:1]
    share = result.metrics.get(SHARE)
    if share is not None and share < ROOM:
        yield f"it reaches {100 * share:.2g} % of what this machine allows: profile=layers shows where the time goes"


def _ended_early(warning: str) -> bool:
    return warning.startswith("tuning: the time was up")
