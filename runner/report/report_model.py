"""One comparison as one page: all that its record says, in the order in which a reader asks for it.

`collect` gathers; `terminal` and `html` show it; nothing here knows of either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.errors import StepFailed
from runner.measure import samples
from runner.measure.samples import Samples
from runner.pictures import processes
from runner.pictures.processes import Distribution, PairLine
from runner.report import caveats, layer_table, recommendations, roofline_table, summary, sustained, telemetry
from runner.results import layers, multiple_comparisons, naming, picture_files
from runner.results.condition_labels import NOTHING, WORDS, spread, worded
from runner.results.formatting import quality_differences, ratio, replicates, verdict_line
from runner.results.picture_files import Picture
from runner.results.record_form import ESTIMATED
from runner.results.record_schema import (
    ROLES,
    Compared,
    Conditions,
    Correction,
    Estimated,
    Imported,
    Measure,
    Outliers,
    Range,
    Result,
)
from runner.results.records import Record
from runner.spec.labels import flatten

SETTINGS, EFFECTIVE, KEYS, PROVENANCE = "Settings", "Read back from the runtime", "Keys of the artifacts", "Provenance"
TELEMETRY, LAYERS, METRICS, ROOFLINE = "Telemetry", "Layers", "Metrics", "Roofline"
OF_LAYERS: Mapping[str, str] = {role: f"What the {role}'s layers ask for" for role in ROLES}
TESTS = {"pairs": "exact Wilcoxon signed-rank", "blocks a side": "Mann–Whitney on blocks of two devices"}
DIFFERS = "● "  # before a setting that candidate and baseline don't share
EDITED = "EDITED after it was written (its seal differs): no measurement any more."
SEALS = {
    "sealed": "as it was written",
    "edited": "edited after it was written",
    "unsealed": "unsealed: from before records had a seal",
}
STOPS = {
    "target": "the interval was as narrow as asked (measure.target={target}, ±{percent} %)",
    "budget": "the time was spent (measure.budget_s={budget_s}) before the interval was as narrow as asked "
    "(measure.target={target})",
    "max_pairs": "the last pair allowed was measured (measure.max_pairs={max_pairs}) before the interval was as narrow "
    "as asked (measure.target={target})",
}


@dataclass(frozen=True)
class Section:
    """A table: its title, column heads and rows of as many cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Page:
    """All that is shown of one record, whose `result` has the verdict that counts in its sweep, and so has its
    `content` in JSON types. `asides` qualify the finding; `sections` are its tables; `pictures` are files by their
    captions; `layers` is what `layers.json` says, empty without one."""

    result: Result
    content: Mapping[str, Any]
    heading: str
    finding: str
    stopped: str
    asides: tuple[str, ...]
    surer: tuple[str, ...]
    warnings: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    pairs: tuple[PairLine, ...]
    sections: tuple[Section, ...]
    absent: tuple[str, ...]
    pictures: Mapping[str, Picture]
    seal: str
    layers: Mapping[str, Any]


def collect(record: Record, correction: Correction | None = None) -> Page:
    """The page of `record`, measured or not; `correction` is what its sweep made of its verdict. Keys that older
    records lack are left out. Raises SpecError where a file beside the record is damaged."""
    result, profile = multiple_comparisons.applied(record.result, correction), telemetry.read(record.folder)
    by_layer = layers.read(record.folder)
    candidate, baseline, unread = _samples(record)
    return Page(
        result=result,
        content=multiple_comparisons.as_corrected(record.content, correction),
        heading=summary.heading(result),
        finding=verdict_line(result) if record.seal != "edited" else f"{EDITED} It says: {verdict_line(result)}",
        stopped=_stopped(result),
        asides=tuple(_asides(result)),
        surer=recommendations.advice(result),
        warnings=result.warnings,
        distributions=processes.distributions(result, candidate, baseline),
        pairs=tuple(processes.pairs(result, candidate, baseline)),
        sections=tuple(one for one in _sections(result, profile, by_layer, record.seal) if one.rows),
        absent=(
            *unread,
            *(f"{reason}: {', '.join(names)}" for reason, names in summary.absent(result).items()),
            *layer_table.absent(by_layer),
            *layer_table.unknown(by_layer),
        ),
        pictures=picture_files.beside(record.folder),
        seal=record.seal,
        layers=by_layer,
    )


# --- samples ---


def _samples(record: Record) -> tuple[Samples, Samples, tuple[str, ...]]:
    """The candidate's latencies, the baseline's, and why they are not shown though they are there."""
    file = record.folder / samples.FILE
    if not file.is_file():
        return {}, {}, ()
    try:
        return samples.read(file, "candidate"), samples.read(file, "baseline"), ()
    except StepFailed as error:
        return {}, {}, (error.reason,)


# --- sentences ---


def _stopped(result: Result) -> str:
    found, measure = result.comparison, result.measure
    if found is None or found.stopped_by not in STOPS:
        return ""
    said = STOPS[found.stopped_by].format(
        target=_plain(measure.target),
        percent=_plain(None if measure.target is None else 100 * measure.target),
        budget_s=_plain(measure.budget_s),
        max_pairs=_plain(measure.max_pairs),
    )
    return f"Stopped after {found.pairs} {replicates(found)}: {said}."


def _plain(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _asides(result: Result) -> Iterator[str]:
    yield from map(_capital, caveats.validity(result))
    if result.comparison:
        yield MEANINGS[result.comparison.verdict].format(percent=_plain(100 * result.measure.equivalence))
        yield from _among(result, result.comparison)
    yield from map(_capital, caveats.without_flagged(result))
    yield from map(_capital, caveats.floor(result))
    if result.comparison:
        yield from _intervals(result.comparison, result.measure)
    yield from map(_capital, quality_differences(result))
    yield from map(_capital, sustained.lines(result))
    if told := _outliers(result.outliers):
        yield told


def _intervals(found: Compared, measure: Measure) -> Iterator[str]:
    """How surely each interval holds, and which one decided."""
    if found.confidence:
        yield f"The interval holds at {100 * found.confidence:.1f} % ({TESTS[replicates(found)]}, Hodges–Lehmann)."
    if found.verdict_interval:
        yield _strict(found.verdict_interval, measure)


def _capital(line: str) -> str:
    return f"{line[0].upper()}{line[1:]}."


MEANINGS = {
    "faster": "Faster: the whole interval that decides lies above 1×, and the ratio beyond the noise floor.",
    "slower": "Slower: the whole interval that decides lies below 1×, and the ratio beyond the noise floor.",
    "same": "Same: the whole interval that decides lies within ±{percent} % of 1×.",
    "ambiguous": "Ambiguous: neither a difference nor its absence (within ±{percent} %) is certain enough.",
}


def _among(result: Result, found: Compared) -> Iterator[str]:
    """What the record's sweep made of its verdict."""
    if found.correction:
        if found.correction.comparisons > 1:
            yield multiple_comparisons.sentence(found.correction)
    elif result.sweep and found.p_value is not None:
        yield (
            f"Measured in sweep {result.sweep}, where a newer measurement counts, or whose other records are not here: "
            "the verdict is not corrected for them."
        )


def _strict(interval: Range, measure: Measure) -> str:
    shown = ratio(interval.ratio, interval.low, interval.high)
    level = "" if measure.verdict_confidence is None else f", {100 * measure.verdict_confidence:g} %"
    return f"The verdict comes from a stricter interval, {shown}{level}: it was looked at more than once."


def _outliers(found: Outliers | None) -> str:
    """How much lies far out; empty where nothing does, or an older record didn't count."""
    if found is None:
        return ""
    of = {
        "pairs": found.pairs,
        "iterations of the candidate": found.candidate,
        "iterations of the baseline": found.baseline,
    }
    told = [f"{one.count} of {one.of} {what}" for what, one in of.items() if one and one.count]
    return f"Far out: {', '.join(told)} ({found.rule})." if told else ""


# --- tables ---


def _sections(result: Result, profile: Mapping[str, Any], by_layer: Mapping[str, Any], seal: str) -> Iterator[Section]:
    baseline = result.baseline
    roles = ROLES if baseline else ROLES[:1]
    head = ("candidate", f"baseline: {naming.baseline(result)}")[: len(roles)] if result.measured else (result.mark,)
    yield Section(METRICS, ("", *head), tuple(_metrics(result)))
    yield _conditions(result.conditions)
    yield Section("Checks", ("", ""), tuple(_checks(result)))
    yield Section(ROOFLINE, ("", *roles), tuple(roofline_table.rows(result)))
    yield Section(LAYERS, layer_table.columns(by_layer), tuple(layer_table.rows(by_layer)))
    for role, side in layer_table.sides_of(by_layer).items():
        yield Section(OF_LAYERS[role], layer_table.ASKS, tuple(layer_table.of_side(side)))
    head = (telemetry.how(profile), "whole run", "candidate's bursts", "baseline's bursts")
    yield Section(TELEMETRY, head, tuple(telemetry.rows(profile)))
    specs = [dict(flatten(spec)) for spec in (result.spec, *([baseline.spec] if baseline else []))]
    yield Section(SETTINGS, (f"{DIFFERS}differs" if baseline else "", *roles), tuple(_beside(specs)))
    effective = [dict(flatten(result.ran(role).settings)) for role in roles]
    yield Section(EFFECTIVE, ("", *roles), tuple(_beside(effective, mark=False)))
    keys = [_short(one) for one in (result.keys, *([baseline.keys] if baseline else []))]
    yield Section(KEYS, ("", *roles), tuple(_beside(keys, mark=False)))
    yield Section(PROVENANCE, ("", ""), tuple(_provenance(result, seal)))


def _metrics(result: Result) -> Iterator[tuple[str, ...]]:
    sides = summary.sides(result)
    effective = [result.ran(role) for role in ROLES[: len(sides)]]
    for label, cells in summary.figures(sides, result.notes, effective):
        yield label, *cells
    for name, cells in summary.others(sides):
        cells[0] += f"; {result.notes[name]}" if name in result.notes else ""
        yield name, *cells


def _conditions(found: Conditions) -> Section:
    """Of the device, or of both where the sides ran on two."""
    if found.baseline is None:
        return Section("Conditions", ("median (range) over pairs", ""), tuple(_conditions_of(found).items()))
    sides = [_conditions_of(one) for one in (found, found.baseline)]
    rows = tuple((name, *(one.get(name, NOTHING) for one in sides)) for name in dict.fromkeys((*sides[0], *sides[1])))
    return Section("Conditions", ("median (range) over blocks", "candidate's device", "baseline's device"), rows)


def _conditions_of(found: Conditions) -> dict[str, str]:
    """What was read on one device, in words, and why the rest was not."""
    names = [name for name in dict.fromkeys((*WORDS, *found.spreads)) if name in found.spreads]
    shown = {worded(name): spread(found.spreads[name]) for name in names}
    if found.governor:
        shown["governor"] = found.governor
    return shown | {worded(name): f"not read: {reason}" for name, reason in found.absent.items()}


def _checks(result: Result) -> Iterator[tuple[str, str]]:
    for role, found in result.checks.items():
        yield from ((f"{role}: {name}", f"{one.status}: {one.reason}") for name, one in found.items())


def _beside(sides: Sequence[Mapping[str, str]], mark: bool = True) -> Iterator[tuple[str, ...]]:
    for key in dict.fromkeys(key for side in sides for key in side):
        cells = [side.get(key, "–") for side in sides]
        differs = DIFFERS if mark and len(set(cells)) > 1 else ""
        yield f"{differs}{key}", *cells


def _short(keys: Mapping[str, str]) -> dict[str, str]:
    return {step: key[:16] for step, key in keys.items()}


def _provenance(result: Result, seal: str) -> Iterator[tuple[str, str]]:
    yield "record", result.record_id
    yield "seal", SEALS[seal]
    yield "date", result.date
    if result.sweep:
        yield "sweep", result.sweep
    yield "spec key", result.spec_key[:16]
    match result.provenance:
        case Imported(_, facts):
            yield from ((name, str(value)) for name, value in facts.items())
        case Estimated(source, incomplete):
            yield "source", source
            yield from [("incomplete", incomplete)] if incomplete else []
    if result.environment.python:
        yield "python", result.environment.python
    yield from ((name, str(version)) for name, version in result.environment.packages.items())
    yield from _machine("machine", result.environment.hardware)
    if result.baseline:
        yield from _machine("baseline's machine", result.baseline.hardware)
    if result.benchmark_s:
        yield "benchmark took", recommendations.duration(result.benchmark_s)


def _machine(whose: str, hardware: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in hardware.items():
        if value is not None and name != "unknown":
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{whose}: {name.replace('_', ' ')}", shown


# --- data ---


def as_json(page: Page) -> dict[str, Any]:
    """JSON types: what the page shows, as data; the record's own parts under their own names."""
    content = page.content
    kept = (
        "record_id", "date", "status", "origin", ESTIMATED, "reason", "next_step", "spec", "spec_key", "keys",
        "metrics", "unavailable", "notes", "effective", "comparison", "conditions", "checks", "quality", "validity",
        "environment", "roofline",
    )  # fmt: skip
    return {
        "schema": 1,
        "seal": page.seal,
        **{name: content[name] for name in kept if name in content},
        "title": page.heading,
        "finding": page.finding,
        "stopped": page.stopped,
        "asides": list(page.asides),
        "telemetry": _telemetry(page),
        "layers": dict(page.layers),
        "surer": list(page.surer),
        "warnings": list(page.warnings),
        "pairs": [vars(line) | {"flags": list(line.flags)} for line in page.pairs],
        "distributions": [vars(one) for one in page.distributions],
    }


def _telemetry(page: Page) -> dict[str, dict[str, str]]:
    """`{signal: {column: cell}}` of the page's table."""
    found = [section for section in page.sections if section.title == TELEMETRY]
    return {row[0]: dict(zip(one.columns[1:], row[1:], strict=True)) for one in found for row in one.rows}
