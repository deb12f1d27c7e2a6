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
from runner.report import caveats, recommendations, summary, telemetry
from runner.results import layers, multiple_comparisons, naming, picture_files
from runner.results.formatting import number, quality_differences, ratio, replicates, verdict_line
from runner.results.multiple_comparisons import Correction
from runner.results.naming import IMPORTED, imported
from runner.results.picture_files import Picture
from runner.results.record_diff import NOTHING, WORDS, spread, worded
from runner.results.records import Record
from runner.spec.labels import flatten

SETTINGS, EFFECTIVE, KEYS, PROVENANCE = "Settings", "Read back from the runtime", "Keys of the artifacts", "Provenance"
TELEMETRY, LAYERS = "Telemetry", "Layers of the candidate"
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
    """All that is shown of one record, whose `content` has the verdict that counts in its sweep. `asides` qualify the
    finding; `sections` are its tables; `pictures` are files by their captions;
    `layers` is what `layers.json` says, empty without one."""

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

    @property
    def comparison(self) -> Mapping[str, Any]:
        """The record's comparison; empty where it has none."""
        return self.content.get("comparison") or {}


def collect(record: Record, correction: Correction | None = None) -> Page:
    """The page of `record`, measured or not; `correction` is what its sweep made of its verdict. Keys that older
    records lack are left out. Raises SpecError where a file beside the record is damaged."""
    content, profile = multiple_comparisons.applied(record.content, correction), telemetry.read(record.folder)
    by_layer = layers.read(record.folder)
    candidate, baseline, unread = _samples(record)
    pairs = tuple(processes.pairs(content, candidate, baseline))
    return Page(
        content=content,
        heading=summary.heading(content),
        finding=verdict_line(content) if record.seal != "edited" else f"{EDITED} It says: {verdict_line(content)}",
        stopped=_stopped(content),
        asides=tuple(_asides(content, pairs)),
        surer=recommendations.advice(content, len(processes.flags(content))),
        warnings=tuple(content.get("warnings") or ()),
        distributions=processes.distributions(content, candidate, baseline),
        pairs=pairs,
        sections=tuple(one for one in _sections(content, profile, by_layer, record.seal) if one.rows),
        absent=(*unread, *(f"{reason}: {', '.join(names)}" for reason, names in summary.absent(content).items())),
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


def _stopped(content: Mapping[str, Any]) -> str:
    comparison = content.get("comparison") or {}
    wording = STOPS.get(comparison.get("stopped_by", ""))
    if not wording:
        return ""
    measure = content["spec"]["measure"]
    known = {name: _plain(measure.get(name)) for name in ("target", "budget_s", "max_pairs")}
    percent = _plain(100 * measure["target"]) if "target" in measure else "?"
    return f"Stopped after {comparison['pairs']} {replicates(comparison)}: {wording.format(**known, percent=percent)}."


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else "?"


def _asides(content: Mapping[str, Any], pairs: Sequence[PairLine]) -> Iterator[str]:
    comparison = content.get("comparison") or {}
    yield from map(_capital, caveats.validity(content))
    yield from _meaning(content)
    yield from _among(content)
    yield from map(_capital, caveats.without_flagged(content))
    yield from map(_capital, caveats.floor(content))
    if confidence := comparison.get("confidence"):
        yield f"The interval holds at {100 * confidence:.1f} % ({TESTS[replicates(comparison)]}, Hodges–Lehmann)."
    if interval := comparison.get("verdict_interval"):
        yield _strict(interval, content["spec"]["measure"])
    yield from map(_capital, quality_differences(content))
    if told := _outliers(content.get("outliers") or {}):
        yield told


def _capital(line: str) -> str:
    return f"{line[0].upper()}{line[1:]}."


MEANINGS = {
    "faster": "Faster: the whole interval that decides lies above 1×, and the ratio beyond the noise floor.",
    "slower": "Slower: the whole interval that decides lies below 1×, and the ratio beyond the noise floor.",
    "same": "Same: the whole interval that decides lies within ±{percent} % of 1×.",
    "ambiguous": "Ambiguous: neither a difference nor its absence (within ±{percent} %) is certain enough.",
}


def _meaning(content: Mapping[str, Any]) -> Iterator[str]:
    """What the verdict says, in full."""
    if verdict := (content.get("comparison") or {}).get("verdict"):
        yield MEANINGS[verdict].format(percent=_plain(100 * content["spec"]["measure"].get("equivalence", 0.03)))


def _among(content: Mapping[str, Any]) -> Iterator[str]:
    """What the record's sweep made of its verdict."""
    comparison, sweep = content.get("comparison") or {}, content.get("sweep")
    if found := comparison.get("correction"):
        if found["comparisons"] > 1:
            yield multiple_comparisons.sentence(found)
    elif sweep and comparison.get("p_value") is not None:
        yield (
            f"Measured in sweep {sweep}, where a newer measurement counts, or whose other records are not here: the "
            "verdict is not corrected for them."
        )


def _strict(interval: Mapping[str, Any], measure: Mapping[str, Any]) -> str:
    shown = ratio(interval["ratio"], interval["low"], interval["high"])
    level = f", {100 * measure['verdict_confidence']:g} %" if "verdict_confidence" in measure else ""
    return f"The verdict comes from a stricter interval, {shown}{level}: it was looked at more than once."


def _outliers(found: Mapping[str, Any]) -> str:
    """How much lies far out; empty where nothing does, or an older record didn't count."""
    words = {"pairs": "pairs", "candidate": "iterations of the candidate", "baseline": "iterations of the baseline"}
    told = [
        f"{found[name]['count']} of {found[name]['of']} {word}"
        for name, word in words.items()
        if name in found and found[name]["count"]
    ]
    return f"Far out: {', '.join(told)} ({found['rule']})." if told else ""


# --- tables ---


def _sections(
    content: Mapping[str, Any], profile: Mapping[str, Any], by_layer: Mapping[str, Any], seal: str
) -> Iterator[Section]:
    comparison = content.get("comparison") or {}
    baseline = comparison.get("baseline") or {}
    roles = ("candidate", "baseline") if baseline else ("candidate",)
    head = (IMPORTED,) if imported(content) else ("candidate", f"baseline: {naming.baseline(content)}")[: len(roles)]
    yield Section("Metrics", ("", *head), tuple(_metrics(content, baseline)))
    yield _conditions(content)
    yield Section("Checks", ("", ""), tuple(_checks(content)))
    head = ("", "type", "precision", f"{by_layer.get('statistic', '')} ms", "calls", "share")
    yield Section(LAYERS, head, tuple(_layers(by_layer)))
    head = (telemetry.how(profile), "whole run", "candidate's bursts", "baseline's bursts")
    yield Section(TELEMETRY, head, tuple(telemetry.rows(profile)))
    specs = [dict(flatten(content["spec"])), *([dict(flatten(baseline["spec"]))] if baseline else [])]
    yield Section(SETTINGS, (f"{DIFFERS}differs" if baseline else "", *roles), tuple(_beside(specs)))
    effective = [dict(flatten((content.get("effective") or {}).get(role, {}).get("settings") or {})) for role in roles]
    yield Section(EFFECTIVE, ("", *roles), tuple(_beside(effective, mark=False)))
    keys = [_short(content.get("keys")), *([_short(baseline.get("keys"))] if baseline else [])]
    yield Section(KEYS, ("", *roles), tuple(_beside(keys, mark=False)))
    yield Section(PROVENANCE, ("", ""), tuple(_provenance(content, seal)))


def _metrics(content: Mapping[str, Any], baseline: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    own = {name.removeprefix(f"{IMPORTED}/"): value for name, value in content["metrics"].items()}
    sides = [own, *([baseline.get("metrics") or {}] if baseline else [])]
    roles = ("candidate", "baseline")[: len(sides)]
    effective = [(content.get("effective") or {}).get(role) or {} for role in roles]
    notes = content.get("notes") or {}
    for label, cells in summary.figures(sides, notes, effective):
        yield label, *cells
    for name, cells in summary.others(sides):
        cells[0] += f"; {notes[name]}" if name in notes else ""
        yield name, *cells


def _conditions(content: Mapping[str, Any]) -> Section:
    """Of the device, or of both where the sides ran on two."""
    found = content.get("conditions") or {}
    if "baseline" not in found:
        return Section("Conditions", ("median (range) over pairs", ""), tuple(_conditions_of(found).items()))
    sides = [_conditions_of(one) for one in (found, found["baseline"])]
    rows = tuple((name, *(one.get(name, NOTHING) for one in sides)) for name in dict.fromkeys((*sides[0], *sides[1])))
    return Section("Conditions", ("median (range) over blocks", "candidate's device", "baseline's device"), rows)


def _conditions_of(found: Mapping[str, Any]) -> dict[str, str]:
    """What was read on one device, in words, and why the rest was not."""
    shown = {worded(name): spread(found.get(name)) for name in dict.fromkeys((*WORDS, *found))}
    shown = {name: cell for name, cell in shown.items() if cell != NOTHING}
    if found.get("governor"):
        shown["governor"] = str(found["governor"])
    return shown | {worded(name): f"not read: {reason}" for name, reason in (found.get("absent") or {}).items()}


def _checks(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for role, found in (content.get("checks") or {}).items():
        yield from ((f"{role}: {name}", f"{one['status']}: {one['reason']}") for name, one in found.items())


def _layers(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Each layer, the longest first; then their sum beside what a run took under the profiler, and without it."""
    if not found:
        return
    for one in found["layers"]:
        share = f"{100 * one['share']:.1f} %"
        yield one["name"], one["type"], one["precision"], number(one["ns"] / 1e6), str(one["calls"]), share
    whole = {
        f"sum of {len(found['layers'])} layers": "sum_ns",
        "a run under the profiler": "run_ns",
        "a run as measured": "measured_ns",
    }
    for name, key in whole.items():
        yield name, "", "", number(found[key] / 1e6), "", _of_measured(found[key], found["measured_ns"])


def _of_measured(ns: float, measured_ns: float) -> str:
    return f"{100 * ns / measured_ns:.0f} % of the measured median" if measured_ns else ""


def _beside(sides: Sequence[Mapping[str, str]], mark: bool = True) -> Iterator[tuple[str, ...]]:
    for key in dict.fromkeys(key for side in sides for key in side):
        cells = [side.get(key, "–") for side in sides]
        differs = DIFFERS if mark and len(set(cells)) > 1 else ""
        yield f"{differs}{key}", *cells


def _short(keys: Mapping[str, str] | None) -> dict[str, str]:
    return {step: key[:16] for step, key in (keys or {}).items()}


def _provenance(content: Mapping[str, Any], seal: str) -> Iterator[tuple[str, str]]:
    environment = content.get("environment") or {}
    yield "record", str(content["record_id"])
    yield "seal", SEALS[seal]
    yield "date", str(content["date"])
    if content.get("sweep"):
        yield "sweep", str(content["sweep"])
    yield "spec key", str(content["spec_key"])[:16]
    if imported(content):
        yield from ((name, str(value)) for name, value in content[IMPORTED].items())
    if environment.get("python"):
        yield "python", str(environment["python"])
    yield from ((name, str(version)) for name, version in (environment.get("packages") or {}).items())
    yield from _machine("machine", environment.get("hardware") or {})
    other = (content.get("comparison") or {}).get("baseline") or {}
    yield from _machine("baseline's machine", other.get("hardware") or {})
    if seconds := (content.get("timing") or {}).get("benchmark_s"):
        yield "benchmark took", recommendations.duration(seconds)


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
        "record_id", "date", "status", "origin", "reason", "next_step", "spec", "spec_key", "keys", "metrics",
        "unavailable", "notes", "effective", "comparison", "conditions", "checks", "quality", "validity", "environment",
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
