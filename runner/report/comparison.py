"""Which measurement is best: the latest record of each spec, all against one baseline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from runner.errors import SpecError, nearest
from runner.records import Record
from runner.report import corrected, floor, reference
from runner.report.corrected import Correction, Finding
from runner.report.naming import IMPORTED, flatten, imported, names, point
from runner.report.reference import Reference

if TYPE_CHECKING:
    from runner.measure.verdict import NoiseFloor

SPEEDUP = "vs_baseline/speedup"
TABLE = "this table"  # the family of comparisons that a table alone puts side by side
EDITED = "the record was changed after it was written (its seal differs)"
STATUSES = ("ok", "unsupported", "unavailable", "failed", "timeout")


@dataclass(frozen=True)
class Against:
    """A row's speed-up over the chosen baseline. `kind`: `paired`, `across devices`, `unpaired`, or `baseline` for the
    baseline's own row; `low` and `high` are None where there is no finite interval, `p_value` and `floor` where a
    record lacks them. `correction` is what became of the verdict among others (`corrected.Correction`). `own`: it was
    measured with the row's record, not recomputed from stored samples."""

    ratio: float
    low: float | None
    high: float | None
    verdict: str
    pairs: int
    kind: str
    p_value: float | None = None
    floor: Mapping[str, Any] | None = None
    correction: Mapping[str, Any] | None = None
    own: bool = False


@dataclass(frozen=True)
class Row:
    """One spec's latest record. `metrics` hold no `vs_baseline/…` over another baseline than the chosen one;
    `missing` says why there is no speed-up, or no measurement at all."""

    record: Record
    metrics: Mapping[str, float]
    against: Against | None
    missing: str

    @property
    def content(self) -> Mapping[str, Any]:
        """The record's content."""
        return self.record.content

    @property
    def measured(self) -> bool:
        """Whether there are figures that count: an edited record's are nobody's measurement."""
        return bool(self.content["status"] == "ok") and self.record.seal != "edited"


@dataclass(frozen=True)
class Comparison:
    """Rows best first, what was not measured last; `baseline` is the one that every speed-up is over."""

    rows: tuple[Row, ...]
    baseline: str
    sort: str
    sweep: str | None
    notes: tuple[str, ...]


def compare(
    every: Sequence[Record],
    sweep: str | None = None,
    baseline: str | None = None,
    sort: str | None = None,
    calibrated: Mapping[str, NoiseFloor] | None = None,
) -> Comparison:
    """Compare `every` record (oldest first), or those of one `sweep`.

    `baseline` is a record_id or a label; by default the label that most rows were measured against. `calibrated` holds
    noise floors by the hardware's identity, for rows that are not paired (`calibration.noise_floors`). Raises SpecError
    for an unknown sweep, baseline or metric, and where nothing was measured at all.
    """
    sort = sort or SPEEDUP
    wanted, sound = _of_sweep(every, sweep), [record for record in every if record.seal != "edited"]
    latest = _latest(record for record in wanted if record.seal != "edited")
    chosen = reference.choose(sound, latest, baseline)
    rows = _corrected([_row(record, chosen, sound, calibrated or {}) for record in latest], sound)
    rows += [Row(record, {}, None, EDITED) for record in wanted if record.seal == "edited"]
    notes = (*_notes(rows, chosen), *_floors(rows), *_corrections(rows))
    return Comparison(_sorted(rows, sort), chosen.label, sort, sweep, notes)


def _corrected(rows: Sequence[Row], every: Sequence[Record]) -> list[Row]:
    """The rows with their verdicts after Holm's correction.

    What a sweep measured in pairs is corrected over that sweep, wherever it is shown. The rest (single runs, and what
    this table compares from stored samples) is corrected over the whole table, which alone puts it side by side.
    """
    found = {i: one for i, row in enumerate(rows) if (one := _finding(row))}
    of_table = dict(zip(found, corrected.correct(list(found.values()), TABLE), strict=True))
    of_sweeps = {sweep: corrected.of_sweep(every, sweep) for sweep in {_sweep(rows[i]) for i in found} - {""}}
    return [
        _with_verdict(row, of_sweeps.get(_sweep(row), {}).get(str(row.content["record_id"]), of_table[i]))
        if i in found
        else row
        for i, row in enumerate(rows)
    ]


def _finding(row: Row) -> Finding | None:
    against = row.against
    if against is None or against.p_value is None:
        return None
    limit = corrected.alpha(row.content, strict=against.own)
    return Finding(against.verdict, against.p_value, limit, against.pairs)


def _sweep(row: Row) -> str:
    """The sweep that a row's own pairs belong to; empty for single runs and for what was recomputed."""
    return str(row.content.get("sweep") or "") if row.against is not None and row.against.own else ""


def _with_verdict(row: Row, correction: Correction) -> Row:
    assert row.against is not None
    return replace(row, against=replace(row.against, verdict=correction.verdict, correction=asdict(correction)))


def _floors(rows: Sequence[Row]) -> list[str]:
    """Which noise floors were used where the record's own comparison doesn't say."""
    used = [row.against.floor for row in rows if row.against and not row.against.own and row.against.kind != "baseline"]
    return [f"Not paired, {floor.worded(one)}." for one in {str(one): one for one in used if one}.values()]


def _corrections(rows: Sequence[Row]) -> Iterator[str]:
    """A note for each family whose size matters."""
    families: dict[str, list[Row]] = {}
    for row in rows:
        if row.against and row.against.correction and row.against.correction["comparisons"] > 1:
            families.setdefault(row.against.correction["family"], []).append(row)
    for family, members in families.items():
        only = " (of rows that are in no sweep, or not paired)" if len(families) > 1 and family == TABLE else ""
        yield _correction(f"{family}{only}", members)


def _correction(family: str, members: Sequence[Row]) -> str:
    every = [row.against for row in members if row.against]
    of = [against.correction for against in every if against.correction]
    note = f"Verdicts after Holm's correction over the {of[0]['comparisons']} comparisons of {family}"
    back = [one for one in every if one.correction and one.correction["alone"] != one.verdict]
    if not back:
        return f"{note}."
    return f"{note}: {len(back)} ambiguous that alone would differ. {' '.join(dict.fromkeys(map(_needed, back)))}"


def _needed(against: Against) -> str:
    """How a verdict that was taken back could be settled."""
    from runner.measure import holm, two_sample

    assert against.correction is not None
    among, limit = against.correction["comparisons"], against.correction["alpha"]
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
        raise SpecError("Nothing has been measured here: records/ is empty.", "Measure something: python -m runner")
    found = [record for record in every if sweep is None or record.content.get("sweep") == sweep]
    if not found:
        known = sorted({str(record.content["sweep"]) for record in every if record.content.get("sweep")})
        hint = f"Sweeps: {', '.join(known) or 'none'}."
        raise SpecError(f"--sweep {sweep}: no such sweep.{nearest(str(sweep), known)}", hint)
    return found


def _latest(chosen: Iterable[Record]) -> list[Record]:
    return list({record.content["spec_key"]: record for record in chosen}.values())


def _row(record: Record, chosen: Reference, every: Sequence[Record], calibrated: Mapping[str, NoiseFloor]) -> Row:
    content = record.content
    if content["status"] != "ok":
        return Row(record, {}, None, content.get("reason") or "")
    if imported(content):
        # Numbers of elsewhere have no samples: they stand beside what was measured, never against it.
        return Row(record, content["metrics"], None, IMPORTED)
    wanted = reference.point_for(record, chosen, every)
    comparison = content.get("comparison")
    if wanted is not None and comparison and point(comparison["baseline"]["spec"]) == wanted:
        return Row(record, content["metrics"], replace(_against(comparison), own=True), "")
    # Deltas and ratios over another baseline don't belong in this column, whatever they are of.
    own = {name: value for name, value in content["metrics"].items() if not name.startswith("vs_baseline/")}
    if chosen.record is not None and content["record_id"] == chosen.record.content["record_id"]:
        return _with(Row(record, own, None, ""), Against(1.0, None, None, "the baseline", 0, "baseline"))
    return _recomputed(Row(record, own, None, ""), wanted, chosen, every, calibrated)


def _against(comparison: Mapping[str, Any]) -> Against:
    known = {name: comparison[name] for name in ("ratio", "low", "high", "verdict", "pairs", "kind")}
    return Against(**known, p_value=comparison.get("p_value"), floor=comparison.get("floor"))


def _recomputed(
    row: Row,
    wanted: Mapping[str, Any] | None,
    chosen: Reference,
    every: Sequence[Record],
    calibrated: Mapping[str, NoiseFloor],
) -> Row:
    """The row against samples that were taken at another time."""
    if chosen.label == reference.NO_BASELINE:
        return replace(row, missing="measured without a baseline")
    if wanted is None:
        return replace(row, missing=f"{chosen.label} was not measured for this model, data and scenario")
    if wanted["scenario"] != row.content["spec"]["scenario"]:
        return replace(row, missing="measured in another scenario than the baseline")
    found = reference.source(wanted, chosen, every)
    if found is None or not reference.has_samples(row.record):
        return replace(row, missing="samples.npz is missing")
    return _with(row, _unpaired(row.record, *found, calibrated))


def _with(row: Row, against: Against) -> Row:
    numbers = {SPEEDUP: against.ratio, f"{SPEEDUP}_low": against.low, f"{SPEEDUP}_high": against.high}
    known = {name: value for name, value in numbers.items() if value is not None}
    return replace(row, against=against, metrics={**row.metrics, **known})


def _unpaired(record: Record, source: Record, role: str, calibrated: Mapping[str, NoiseFloor]) -> Against:
    from runner.report import unpaired
    from runner.report.plot import read_samples

    mine = list(read_samples(record.folder / "samples.npz", "candidate").values())
    theirs = list(read_samples(source.folder / "samples.npz", role).values())
    measure = record.content["spec"]["measure"]
    kind = unpaired.kind(record.content["environment"], source.content["environment"])
    noise = floor.between(record.content, source.content, calibrated)
    return _against(unpaired.compared(mine, theirs, kind, noise, measure["equivalence"], measure["confidence"]))


def _sorted(rows: Sequence[Row], sort: str) -> tuple[Row, ...]:
    known = sorted({name for row in rows for name in row.metrics})
    if sort not in known and known and sort != SPEEDUP:
        hint = f"Metrics: {', '.join(known)}."
        raise SpecError(f"--sort {sort}: no row has that metric.{nearest(sort, known)}", hint)
    sign = -1 if higher_is_better(sort) else 1

    def place(row: Row) -> tuple[bool, int, bool, float, str]:
        value, status = row.metrics.get(sort), STATUSES.index(row.content["status"])
        return (not row.measured, status, value is None, sign * (value or 0.0), row.content["date"])

    return tuple(sorted(rows, key=place))


def higher_is_better(metric: str) -> bool:
    """Whether more of a metric is better: throughput, speed-up, SQNR, accuracy and its like; of the rest, less is."""
    if metric.startswith(("throughput/", "vs_baseline/speedup")) or metric == "fidelity/sqnr_db":
        return True
    errors = ("mae", "rmse", "mse", "mape", "error", "loss", "naive_")
    return metric.startswith("quality/") and not metric.removeprefix("quality/").startswith(errors)


def _notes(rows: Sequence[Row], chosen: Reference) -> list[str]:
    kinds = [row.against.kind for row in rows if row.against]
    others = sorted({reference.label(row.record) for row in rows} - {"", reference.SELF, chosen.label})
    found = []
    if unpaired := kinds.count("unpaired"):
        found.append(f"{unpaired} unpaired: recomputed from samples that were not taken in turns with the baseline's.")
    if across := kinds.count("across devices"):
        found.append(f"{across} across devices: the baseline's samples are from other hardware.")
    if foreign := sum(imported(row.content) for row in rows):
        found.append(f"{foreign} imported: measured elsewhere, not by this tool; never compared, never a baseline.")
    if unsealed := sum(row.record.seal == "unsealed" for row in rows):
        found.append(f"{unsealed} unsealed: from before records had a seal; whether they were edited isn't known.")
    if others and chosen.record is None:
        found.append(f"Measured against other baselines too: {', '.join(others)} (--baseline).")
    if len(kinds) >= 5:
        found.append(f"{len(kinds)} intervals at 95 % each: one in twenty misses by chance.")
    return found


def distinguishing(rows: Sequence[Row]) -> dict[str, str]:
    """`{record_id: settings}` that tell apart rows whose options have the same names: `backend.threads=2`."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(names(row.content["spec"]).values()), []).append(row)
    found = {}
    for group in groups.values():
        flat = [dict(flatten(row.content["spec"])) for row in group]
        keys = list(dict.fromkeys(key for one in flat for key in one))
        differing = [key for key in keys if len({one.get(key) for one in flat}) > 1 and not _implied(key, flat)]
        for row, one in zip(group, flat, strict=True):
            found[row.content["record_id"]] = " ".join(f"{key}={one[key]}" for key in differing if key in one)
    return found


def _implied(key: str, flat: Sequence[Mapping[str, str]]) -> bool:
    """Whether an option's name says it already: `measure.warmup` differs because `measure` does, and only then."""
    axis, dot, _ = key.partition(".")
    values: dict[str | None, set[str | None]] = {}
    for one in flat:
        values.setdefault(one.get(axis), set()).add(one.get(key))
    return bool(dot) and len(values) > 1 and all(len(found) == 1 for found in values.values())
