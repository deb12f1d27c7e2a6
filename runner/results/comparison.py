"""Which measurement is best: the latest record of each spec, all against one baseline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runner.core.errors import SpecError, StepFailed, nearest
from runner.measure.metric_direction import higher_is_better
from runner.measure.noise_floor import NoiseFloor
from runner.results import baseline_choice, groups, multiple_comparisons, naming, noise_floor, per_sample, records
from runner.results import choice as choices
from runner.results.baseline_choice import Reference
from runner.results.choice import Choice
from runner.results.multiple_comparisons import Finding
from runner.results.naming import names
from runner.results.quality_loss import Budget
from runner.results.record_form import STATUSES
from runner.results.record_schema import Absent, Compared, Correction, Estimated, Imported, Result, Role
from runner.results.records import Record
from runner.results.rows import Against, Row
from runner.spec import labels
from runner.spec.labels import SELF, flatten, point

if TYPE_CHECKING:
    from runner.results.unpaired import Unpaired

SPEEDUP = "vs_baseline/speedup"
ALWAYS = ("model", "precision", "backend")  # a row is told by these
ELSEWHERE = {"imported": "measured elsewhere, not by this tool", "estimated": "reckoned, measured nowhere"}
EDITED = "the record was changed after it was written (its seal differs)"


@dataclass(frozen=True)
class Comparison:
    """Rows best first in each group, behind them what nobody should choose, what was not measured last; `baseline` is
    what the speed-ups are over; `choice` is there where one was asked for."""

    rows: tuple[Row, ...]
    baseline: str
    sort: str
    sweep: str | None
    notes: tuple[str, ...]
    choice: Choice | None = None

    @cached_property
    def shared(self) -> dict[str, str]:
        """Axes on which all rows agree, with the option's name; but those that tell what a row is."""
        every = [names(row.result) for row in self.rows]
        first = every[0].items()
        return {axis: name for axis, name in first if axis not in ALWAYS and all(o.get(axis) == name for o in every)}

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """The axes that a row is told by: those on which not all agree, and what it is."""
        return tuple(axis for axis in naming.AXES if axis not in self.shared)

    @cached_property
    def settings(self) -> dict[str, str]:
        """`{record_id: settings}` that tell apart rows whose options have the same names: `backend.threads=2`."""
        return _distinguishing(self.rows)

    def name(self, row: Row) -> str:
        """What a row is called beside the others: `bilstm int8 (ran fp32) openvino backend.threads=2`."""
        chosen = names(row.result)
        words = (*(chosen.get(axis, "") for axis in self.axes), self.settings[row.result.record_id])
        return " ".join(filter(None, words))


def compare(
    every: Sequence[Record],
    sweep: str | None = None,
    baseline: str | None = None,
    sort: str | None = None,
    calibrated: Mapping[str, NoiseFloor] = noise_floor.UNCALIBRATED,
) -> Comparison:
    """Compare `every` record (oldest first), or those of one `sweep`.

    `baseline` is a record_id or a label; by default the label that most rows were measured against. `calibrated` holds
    noise floors by the hardware's identity, for rows that are not paired (`calibration.noise_floors`). Raises SpecError
    for an unknown sweep, baseline or metric, and where nothing was measured at all.
    """
    sort = sort or SPEEDUP
    wanted, sound = _of_sweep(every, sweep), [record for record in every if record.seal != "edited"]
    latest = _latest(record for record in wanted if record.seal != "edited")
    chosen = baseline_choice.choose(sound, latest, baseline)
    rows = _corrected([_row(record, chosen, sound, calibrated) for record in latest], sound)
    rows += [Row(record, {}, None, EDITED) for record in wanted if record.seal == "edited"]
    notes = (*_notes(rows, chosen), *_floors(rows), *_corrections(rows))
    ranked = groups.arranged(_sorted(rows, sort), chosen.label)
    return Comparison(ranked, chosen.label, sort, sweep, notes)


def chosen(
    found: Comparison, budget: Budget, by: str, calibrated: Mapping[str, NoiseFloor] = noise_floor.UNCALIBRATED
) -> Comparison:
    """The comparison with its choice under a `budget`, by one of `row_cost.BY`. Raises SpecError for another."""
    return replace(found, choice=choices.choose(found.rows, found.settings, budget, by, calibrated))


def _corrected(rows: Sequence[Row], every: Sequence[Record]) -> list[Row]:
    """The rows with their verdicts after Holm's correction, over the sweep that each belongs to: what it measured in
    pairs, and apart from that what this table compares anew from its stored samples. Single runs are alone."""
    families: dict[tuple[str, bool], list[Row]] = {}
    for row in rows:
        if row.against and row.result.sweep and _finding(row):
            families.setdefault((row.result.sweep, row.against.own), []).append(row)
    found: dict[str, Correction] = {}
    for (sweep, own), members in families.items():
        found |= multiple_comparisons.of_sweep(every, sweep) if own else _anew(members, sweep)
    return [_with_verdict(row, found.get(row.result.record_id)) for row in rows]


def _anew(members: Sequence[Row], sweep: str) -> dict[str, Correction]:
    """A sweep's rows that were compared from stored samples, by record_id."""
    findings = [one for row in members if (one := _finding(row))]
    family = f"sweep {sweep}, compared anew"
    made = multiple_comparisons.correct(findings, family, multiple_comparisons.declared(row.result for row in members))
    return {row.result.record_id: one for row, one in zip(members, made, strict=True)}


def _finding(row: Row) -> Finding | None:
    against = row.against
    if against is None or against.p_value is None:
        return None
    limit = multiple_comparisons.alpha(row.result, strict=against.own)
    return Finding(against.verdict, against.p_value, limit, against.pairs)


def _with_verdict(row: Row, correction: Correction | None) -> Row:
    if row.against is None or correction is None:
        return row
    return replace(row, against=replace(row.against, verdict=correction.verdict, correction=correction))


def _floors(rows: Sequence[Row]) -> list[str]:
    """Which noise floors were used where the record's own comparison doesn't say."""
    used = [row.against.floor for row in rows if row.against and not row.against.own and row.against.kind != "baseline"]
    return [f"Not paired, {noise_floor.worded(one)}." for one in {str(one): one for one in used if one}.values()]


def _corrections(rows: Sequence[Row]) -> Iterator[str]:
    """A note for each family whose size matters."""
    families: dict[str, list[Row]] = {}
    for row in rows:
        if row.against and row.against.correction and row.against.correction.comparisons > 1:
            families.setdefault(row.against.correction.family, []).append(row)
    for family, members in families.items():
        yield _correction(family, members)


def _correction(family: str, members: Sequence[Row]) -> str:
    every = [row.against for row in members if row.against]
    of = [against.correction for against in every if against.correction]
    note = f"Verdicts after Holm's correction over the {of[0].comparisons} comparisons of {family}"
    back = [one for one in every if one.correction and one.correction.taken_back]
    if not back:
        return f"{note}."
    return f"{note}: {len(back)} ambiguous that alone would differ. {' '.join(dict.fromkeys(map(_needed, back)))}"


def _needed(against: Against) -> str:
    """How a verdict that was taken back could be settled."""
    from runner.measure import holm, two_sample

    assert against.correction is not None
    among, limit = against.correction.comparisons, against.correction.alpha
    if against.kind != "paired":
        least = two_sample.least_replicates(among, limit)
        few = against.pairs < least
        return f"So many need {least} processes a side or more." if few else "Measured in pairs they would be surer."
    least = holm.least_pairs(among, limit)
    few = against.pairs < least
    return (
        f"So many need {least} pairs or more (measure.min_pairs={least})." if few else "More pairs would settle them."
    )


def _of_sweep(every: Sequence[Record], sweep: str | None) -> list[Record]:
    if not every:
        raise SpecError(
            "Nothing has been measured here: records/ is empty.", "Measure something: python -m runner model=gru"
        )
    found = [record for record in every if sweep is None or records.in_sweep(record, sweep)]
    if not found:
        known = sorted({record.result.sweep for record in every if record.result.sweep})
        hint = f"Sweeps: {', '.join(known) or 'none'}."
        raise SpecError(f"--sweep {sweep}: no such sweep.{nearest(str(sweep), known)}", hint)
    return found


def _latest(chosen: Iterable[Record]) -> list[Record]:
    return list({record.result.spec_key: record for record in chosen}.values())


def _row(record: Record, chosen: Reference, every: Sequence[Record], calibrated: Mapping[str, NoiseFloor]) -> Row:
    result = record.result
    match result.provenance:
        case Absent(reason):
            return Row(record, {}, None, reason)
        case Imported() | Estimated():
            # Such numbers have no samples: they stand beside what was measured, never against it.
            return Row(record, result.metrics, None, result.mark)
    wanted, mine = baseline_choice.point_for(record, chosen), result.comparison
    metrics = per_sample.with_time(result.metrics, result.spec)
    if wanted is not None and mine and point(mine.baseline.spec) == wanted:
        return Row(record, metrics, _own(result, mine, chosen), "", base=wanted)
    # Deltas and ratios over another baseline don't belong in this column, whatever they are of.
    own = {name: value for name, value in metrics.items() if not name.startswith("vs_baseline/")}
    row = Row(record, own, None, "", base=wanted)
    if _is_baseline(result, wanted, chosen):
        made = _made(result, "candidate")
        return _with(row, Against(1.0, None, None, "the baseline", 0, "baseline", over=chosen.label, made=made))
    why = _not_comparable(row, wanted, chosen)
    if why:
        return replace(row, missing=why, base=None)
    return _recomputed(row, chosen, every, calibrated)


def _is_baseline(result: Result, wanted: Mapping[str, Any] | None, chosen: Reference) -> bool:
    """Whether a row is what the others are compared with: the record that was named, or a measurement of that point
    that was its own baseline."""
    if chosen.record is not None:
        return result.record_id == chosen.record.result.record_id
    return wanted == point(result.spec) and result.comparison is None


def _not_comparable(row: Row, wanted: Mapping[str, Any] | None, chosen: Reference) -> str:
    """Why a row is not put beside samples of the chosen baseline."""
    if chosen.label == baseline_choice.NO_BASELINE:
        return "measured without a baseline"
    if baseline_choice.label(row.record) == SELF:
        return "measured against itself alone"
    if wanted is None:
        return f"{chosen.label} was not measured for this model, data and scenario"
    if wanted.get("scenario") != row.result.spec.get("scenario"):
        return "measured in another scenario than the baseline"
    return "" if baseline_choice.has_samples(row.record) else "samples.npz is missing"


def _own(result: Result, found: Compared, chosen: Reference) -> Against:
    """What was measured with the record, in pairs or blocks."""
    label = naming.baseline(result)
    over = chosen.label if label == SELF else label  # an A/A of the baseline is in its column
    return replace(_against(found), over=over, made=_made(result, "baseline"), own=True)


def _made(result: Result, role: Role) -> str:
    """The key of what was compiled for one side; empty where an older record doesn't say."""
    side = result if role == "candidate" else result.baseline
    return side.keys.get("compile", "") if side else ""


def _against(one: Compared | Unpaired) -> Against:
    return Against(one.ratio, one.low, one.high, one.verdict, one.pairs, one.kind, one.p_value, one.floor)


def _recomputed(row: Row, chosen: Reference, every: Sequence[Record], calibrated: Mapping[str, NoiseFloor]) -> Row:
    """The row against samples that were taken at another time."""
    assert row.base is not None
    found = baseline_choice.source(row.base, chosen, every, row.record)
    if found is None:
        return replace(row, missing="samples.npz is missing", base=None)
    source, role = found
    ran = naming.precision(source.result, role)
    over = labels.of_baseline(row.result.spec, row.base, ran)
    try:
        against = _unpaired(row.record, source, role, calibrated)
    except StepFailed as error:  # samples that no run wrote
        return replace(row, missing=error.reason, base=None)
    shown = chosen.label if chosen.record is None or over == SELF else f"{over} of {source.result.record_id}"
    return _with(row, replace(against, over=shown, made=_made(source.result, role)))


def _with(row: Row, against: Against) -> Row:
    numbers = {SPEEDUP: against.ratio, f"{SPEEDUP}_low": against.low, f"{SPEEDUP}_high": against.high}
    known = {name: value for name, value in numbers.items() if value is not None}
    return replace(row, against=against, metrics={**row.metrics, **known})


def _unpaired(record: Record, source: Record, role: Role, calibrated: Mapping[str, NoiseFloor]) -> Against:
    from runner.measure import samples
    from runner.results import unpaired

    mine = list(samples.read(record.folder / "samples.npz", "candidate").values())
    theirs = list(samples.read(source.folder / "samples.npz", role).values())
    if not mine or not theirs:
        raise StepFailed("samples.npz has no latencies of it")
    measure = record.result.measure
    kind = unpaired.kind(record.result.environment, baseline_choice.environment(source, role))
    noise = noise_floor.between(record.result, source.result, calibrated)
    return _against(unpaired.compared(mine, theirs, kind, noise, measure.equivalence, measure.confidence))


def _sorted(rows: Sequence[Row], sort: str) -> tuple[Row, ...]:
    known = sorted({name for row in rows for name in row.metrics})
    if sort not in known and known and sort != SPEEDUP:
        hint = f"Metrics: {', '.join(known)}."
        raise SpecError(f"--sort {sort}: no row has that metric.{nearest(sort, known)}", hint)
    sign = -1 if higher_is_better(sort) else 1

    def place(row: Row) -> tuple[bool, int, bool, bool, float, str]:
        value, status = row.metrics.get(sort), STATUSES.index(row.result.status)
        fit = not row.unfit
        return (not row.measured, status, not fit, value is None, sign * (value or 0.0), row.result.date)

    return tuple(sorted(rows, key=place))


def _notes(rows: Sequence[Row], chosen: Reference) -> list[str]:
    kinds = [row.against.kind for row in rows if row.against]
    others = sorted({baseline_choice.label(row.record) for row in rows} - {"", SELF, chosen.label})
    found = []
    if unpaired := kinds.count("unpaired"):
        found.append(f"{unpaired} unpaired: recomputed from samples that were not taken in turns with the baseline's.")
    if across := kinds.count("across devices"):
        found.append(f"{across} across devices: the baseline's samples are from other hardware.")
    for origin, what in ELSEWHERE.items():
        if foreign := sum(row.result.origin == origin for row in rows):
            found.append(f"{foreign} {origin}: {what}; never compared, never a baseline.")
    if unsealed := sum(row.record.seal == "unsealed" for row in rows):
        found.append(f"{unsealed} unsealed: from before records had a seal; whether they were edited isn't known.")
    if others and chosen.record is None:
        found.append(f"Measured against other baselines too: {', '.join(others)} (--baseline).")
    if len(kinds) >= 5:
        found.append(f"{len(kinds)} intervals at 95 % each: one in twenty misses by chance.")
    return found


def _distinguishing(rows: Sequence[Row]) -> dict[str, str]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(names(row.result).values()), []).append(row)
    found = {}
    for group in groups.values():
        flat = [dict(flatten(row.result.spec)) for row in group]
        differing = labels.distinguishing(flat)
        for row, one in zip(group, flat, strict=True):
            found[row.result.record_id] = " ".join(f"{key}={one[key]}" for key in differing if key in one)
    return found
