"""A sweep on one page: what its table leaves to pictures, what ran, what was not measured, and the conditions.

`collect` gathers; `views/sweep_html.py` shows it beside the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from runner.measure.metric_direction import higher_is_better
from runner.pictures.sweep import Point, SpeedUp
from runner.report import summary, three_answers
from runner.report.report_model import Section
from runner.report.three_answers import Answer
from runner.results import naming, pareto, per_sample
from runner.results.comparison import Comparison
from runner.results.condition_labels import WORDS, worded
from runner.results.formatting import cells, number, split_quality, spread
from runner.results.formatting import worded as verdict_worded
from runner.results.pareto import Front
from runner.results.record_schema import Conditions, Environment, Result
from runner.results.rows import Row


@dataclass(frozen=True)
class Picture:
    """Cells that one picture of quality against latency compares (`pareto.Front`). `cells` says which; `quality` and
    `latency` are what the axes are called: where cells differ in their batch, the latency is the time of a sample."""

    cells: str
    quality: str
    latency: str
    points: tuple[Point, ...]

    @property
    def front(self) -> tuple[Point, ...]:
        """Those that none beats in both, the fastest first."""
        return tuple(sorted((one for one in self.points if one.rank), key=lambda one: one.rank))


@dataclass(frozen=True)
class SweepPage:
    """All that is shown of a sweep. `counted` says how many cells there are and what became of them; `speedups` are
    those of each group of the table by its words; `answers` are the three to what was asked; `sections` are tables."""

    comparison: Comparison
    counted: str
    pictures: tuple[Picture, ...]
    speedups: tuple[tuple[str, tuple[SpeedUp, ...]], ...]
    not_measured: Section
    answers: tuple[Answer, ...]
    sections: tuple[Section, ...]


def collect(comparison: Comparison) -> SweepPage:
    """The page of what `comparison` holds."""
    measured = [row for row in comparison.rows if row.measured and row.result.measured]
    return SweepPage(
        comparison=comparison,
        counted=_counted(comparison.rows),
        pictures=tuple(_pictures(comparison)),
        speedups=tuple(_speedups(comparison, measured)),
        not_measured=_not_measured(comparison),
        answers=three_answers.of(comparison),
        sections=tuple(one for one in _sections(comparison, measured) if one.rows),
    )


def _counted(rows: Sequence[Row]) -> str:
    """`12 cells: 5 faster, 2 same, the baseline, 1 failed`."""
    found = Counter(map(_outcome, rows))
    told = ", ".join(f"{count} {outcome}" for outcome, count in found.items())
    return f"{cells(len(rows))}: {told}"


def _outcome(row: Row) -> str:
    if not row.measured:
        return "edited" if row.record.seal == "edited" else row.result.status
    if not row.result.measured:
        return row.result.mark
    if row.unfit:
        return "not to be chosen"
    if row.against is None:
        return "without a comparison"
    return "baseline" if row.against.kind == "baseline" else row.against.verdict


# --- pictures ---


def _pictures(comparison: Comparison) -> Iterator[Picture]:
    """One for each front, in the order of the table."""
    found = pareto.fronts(comparison.rows)
    for one in found:
        measure, unit = split_quality(one.metric)
        better = "more is better" if higher_is_better(one.metric) else "less is better"
        quality = f"{measure}{f', {unit}' if unit else ''} ({better})"
        yield Picture(_cells(one), quality, _latency(one.rows), tuple(_points(comparison, one)))


def _cells(front: Front) -> str:
    """`co2 on local`, and what else tells them from other pictures' cells."""
    result = front.rows[0].result
    chosen = naming.names(result)
    where = [chosen[axis] for axis in ("data", "hardware") if axis in chosen]
    where_all = " on ".join([*where, *filter(None, [result.spec.get("hardware", {}).get("host")])])
    return f"{where_all} ({front.about})" if front.about else where_all


def _latency(rows: Sequence[Row]) -> str:
    """A batch's time is no inference's."""
    alone = all(per_sample.batch(row.result.spec) == 1 for row in rows)
    return "latency of an inference, p50 ms" if alone else "time of a sample, p50 ms"


def _points(comparison: Comparison, front: Front) -> Iterator[Point]:
    """What nobody should choose is not on the front."""
    ranks = {name: rank for rank, name in enumerate(front.best, 1)}
    for row in front.rows:
        known = (row.metrics.get(f"{per_sample.P50}{end}") for end in per_sample.ENDS)
        ms, low, high = (value and value / per_sample.batch(row.result.spec) for value in known)
        assert ms is not None
        series = naming.names(row.result)["backend"]
        rank = ranks.get(row.result.record_id, 0)
        yield Point(comparison.name(row), series, ms, low, high, row.metrics[front.metric], rank)


def _speedups(comparison: Comparison, measured: Sequence[Row]) -> Iterator[tuple[str, tuple[SpeedUp, ...]]]:
    """Of the rows that were compared with another, group by group."""
    compared = [row for row in measured if row.against and row.against.kind != "baseline"]
    for words, rows in groupby(compared, key=lambda row: row.group):
        yield words, tuple(_speedup(comparison, row) for row in rows)


def _speedup(comparison: Comparison, row: Row) -> SpeedUp:
    found = row.against
    assert found is not None
    told = "not to be chosen" if row.unfit else verdict_worded(found.verdict, found.correction)
    return SpeedUp(comparison.name(row), found.ratio, found.low, found.high, found.verdict, told)


# --- tables ---


def _not_measured(comparison: Comparison) -> Section:
    """Why, and what to do."""
    rows = [row for row in comparison.rows if not row.measured]
    return Section(
        "Not measured", ("cell", "status", "reason", "next step"), tuple(_why(comparison, row) for row in rows)
    )


def _why(comparison: Comparison, row: Row) -> tuple[str, ...]:
    if row.record.seal == "edited":
        return comparison.name(row), "edited", row.missing, f"Measure it again. ({row.result.record_id})"
    return comparison.name(row), row.result.status, row.missing, row.result.next_step or "–"


def _sections(comparison: Comparison, measured: Sequence[Row]) -> Iterator[Section]:
    yield Section("Reservations", ("what", "cells"), tuple(_reservations(comparison, measured)))
    conditions = ("condition", "median of the cells' medians (least to most in any pair)", "cells")
    yield Section("Conditions", conditions, tuple(_conditions([row.result for row in measured])))
    yield Section("Machines", ("machine", "cores", "memory, MB", "Python", "cells"), tuple(_machines(measured)))
    ran = ("cell", "precision", "operators as they ran", "quantised", "fell back", "record")
    yield Section("What ran", ran, tuple(_ran(comparison, row) for row in measured))


def _reservations(comparison: Comparison, measured: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Each warning and each reason of a flagged pair once, with the cells that have it."""
    found: dict[str, list[str]] = {}
    for row in measured:
        flags = (f"flagged pairs: {reason}" for reasons in row.result.conditions.flags.values() for reason in reasons)
        for text in dict.fromkeys((*row.result.warnings, *flags)):
            found.setdefault(text, []).append(comparison.name(row))
    yield from ((text, "; ".join(names)) for text, names in found.items())


def _conditions(results: Sequence[Result]) -> Iterator[tuple[str, str, str]]:
    """Over all cells; of two devices each has its own."""
    yield from _conditions_of([result.conditions for result in results], "")
    theirs = [result.conditions.baseline for result in results if result.conditions.baseline]
    yield from _conditions_of(theirs, "baseline's device: ")


def _conditions_of(found: Sequence[Conditions], whose: str) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*WORDS, *(name for one in found for name in one.spreads))):
        if spreads := [one.spreads[name] for one in found if name in one.spreads]:
            ends = min(one.min for one in spreads), max(one.max for one in spreads)
            yield whose + worded(name), spread(median(one.median for one in spreads), *ends), str(len(spreads))
    for governor, count in Counter(one.governor for one in found if one.governor).items():
        yield f"{whose}governor", governor, str(count)
    for (name, reason), count in Counter(one for each in found for one in each.absent.items()).items():
        yield whose + worded(name), f"not read: {reason}", str(count)


def _machines(measured: Iterable[Row]) -> Iterator[tuple[str, ...]]:
    found = Counter(_machine(row.result.environment) for row in measured)
    yield from ((*facts, str(count)) for facts, count in found.items())


def _machine(where: Environment) -> tuple[str, ...]:
    hardware = where.hardware
    cores = hardware.get("usable_cores") or hardware.get("logical_cores")
    memory = hardware.get("memory_mb")
    told = (cores, None if memory is None else number(memory), where.python)
    return (where.cpu or "unknown", *("–" if one is None else str(one) for one in told))


def _ran(comparison: Comparison, row: Row) -> tuple[str, ...]:
    ran = row.result.ran("candidate")
    shown = (summary.precision(ran.precision), summary.quantized(ran.quantized), summary.fallback(ran.fallback))
    return comparison.name(row), naming.precision(row.result, "candidate"), *shown, row.result.record_id
