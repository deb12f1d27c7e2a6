"""What a record says, as types: read from the JSON that `record_form` has found sound.

A field that a record lacks, or has as null, has its default: older versions wrote fewer. What is no field here stays
in the file (`Record.content`), which a document in JSON shows as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, TypeVar

from runner.measure.noise_floor import NoiseFloor
from runner.results import later_settings
from runner.results.record_form import ESTIMATED, IMPORTED, SPREAD

Role = Literal["candidate", "baseline"]
ROLES: tuple[Role, Role] = ("candidate", "baseline")
Json = Mapping[str, Any]
Texts = Mapping[str, str]
Numbers = Mapping[str, float]
Operators = Mapping[str, Mapping[str, int]]  # operator -> precision -> how many run in it
T = TypeVar("T")


# --- what the figures are ---


@dataclass(frozen=True)
class Measured:
    """They were measured by a run of this tool."""


@dataclass(frozen=True)
class Estimated:
    """They were reckoned by `source`, and measured nowhere; `incomplete` is what they leave out, "" for nothing."""

    source: str
    incomplete: str = ""


@dataclass(frozen=True)
class Imported:
    """`source` says that it measured them. `facts` (`source` too) say from which file and row they came, or which tool
    was `run_here` and how."""

    source: str
    facts: Json

    @property
    def run_here(self) -> bool:
        """Whether it is a tool that this one ran, and no file of somebody's."""
        return "command" in self.facts


@dataclass(frozen=True)
class Absent:
    """There is none, and why."""

    reason: str


Provenance = Measured | Estimated | Imported | Absent


# --- a comparison ---


@dataclass(frozen=True)
class Range:
    """A speed-up with its interval's ends, None where that is not finite."""

    ratio: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class FlaggedPair:
    """A pair that was measured under worse conditions than the others."""

    pair: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class WithoutFlagged:
    """The result without the flagged pairs: `ratio` and `verdict` are None where no pair is left."""

    pairs: int
    flagged: tuple[FlaggedPair, ...]
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str | None = None


@dataclass(frozen=True)
class Correction:
    """A finding among others: its `verdict` there, the one it had `alone`, Holm's adjusted p-value with the limit
    `alpha`, how many `comparisons` there are, and which `family` (`sweep 8c1f…`) they are."""

    verdict: str
    alone: str
    p_value: float
    alpha: float
    comparisons: int
    family: str

    @property
    def taken_back(self) -> bool:
        """Whether the correction changed the verdict."""
        return self.verdict != self.alone


@dataclass(frozen=True)
class Baseline:
    """What the candidate was compared with. `hardware` is empty where it is the candidate's."""

    label: str
    spec: Json
    key: str = ""
    keys: Texts = field(default_factory=dict)
    metrics: Numbers = field(default_factory=dict)
    hardware: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """The candidate against its baseline. `by_pair` are the speed-ups of the pairs; of two devices each one's medians
    of blocks, `by_block_ms`, stand in their place. `verdict_interval` is the stricter one that decided; `correction`
    is what the record's sweep made of the verdict, which no file holds."""

    baseline: Baseline
    ratio: float
    verdict: str
    pairs: int
    kind: str
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    p_value: float | None = None
    stopped_by: str = ""
    floor: NoiseFloor | None = None
    verdict_interval: Range | None = None
    without_flagged: WithoutFlagged | None = None
    by_pair: tuple[float, ...] = ()
    by_block_ms: Mapping[str, list[float]] | None = None
    correction: Correction | None = None


# --- what ran, where, and how ---


@dataclass(frozen=True)
class Effective:
    """What a runtime made of one side: its settings as read back, in which precision its operators run, how many of
    each were quantised, `[in the asked precision, all]`, and how many of which fell back: ran elsewhere than asked."""

    settings: Json = field(default_factory=dict)
    precision: Operators = field(default_factory=dict)
    quantized: Mapping[str, list[int]] = field(default_factory=dict)
    fallback: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """A condition over the pairs."""

    min: float
    median: float
    max: float


@dataclass(frozen=True)
class Conditions:
    """Under what the pairs were measured: `spreads` by the condition's name, with its unit; why others are `absent`;
    `flags` are the reasons of the pairs that stand out, by their numbers. `baseline` is of the other device, where the
    sides ran on two."""

    spreads: Mapping[str, Spread] = field(default_factory=dict)
    absent: Texts = field(default_factory=dict)
    governor: str = ""
    flags: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    baseline: Conditions | None = None


@dataclass(frozen=True)
class Environment:
    """The interpreter, the packages and the machine (`hardware.detect.Hardware` as JSON), as far as it was told."""

    python: str | None = None
    packages: Mapping[str, str | None] = field(default_factory=dict)
    hardware: Json = field(default_factory=dict)

    @property
    def identity(self) -> str | None:
        """What tells machines apart."""
        found = self.hardware.get("identity")
        return None if found is None else str(found)

    @property
    def cpu(self) -> str:
        """Its name; empty where it isn't told."""
        return str(self.hardware.get("cpu") or "")


@dataclass(frozen=True)
class Dependencies:
    """What one side's figures depend on, as far as tables tell rows apart by it: its device's address and machine-id,
    the environment variables that libraries read, and the libraries' versions."""

    address: str = ""
    machine_id: str = ""
    variables: Json = field(default_factory=dict)
    versions: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """How surely it was to be measured: the spec's `measure`."""

    confidence: float = 0.95
    verdict_confidence: float | None = None
    equivalence: float = 0.03
    floor: float = 0.01
    target: float | None = None
    budget_s: float | None = None
    max_pairs: int | None = None

    @property
    def strict(self) -> float:
        """The confidence of the interval that decides: of one that was looked at more than once."""
        return self.confidence if self.verdict_confidence is None else self.verdict_confidence


# --- what was found beside ---


@dataclass(frozen=True)
class Check:
    """What a check of the outputs found: `status` is `passed`, `failed` or `not checked`."""

    status: str
    reason: str


@dataclass(frozen=True)
class FarOut:
    """So many lie far out."""

    count: int
    of: int


@dataclass(frozen=True)
class Outliers:
    """What lies far out by the `rule`."""

    rule: str
    pairs: FarOut | None = None
    candidate: FarOut | None = None
    baseline: FarOut | None = None


@dataclass(frozen=True)
class Validity:
    """Whether MLPerf's rules would call the measurement `VALID`, and why."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """A quality less another one, with its interval, in the metric's unit."""

    verdict: str
    method: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class Quality:
    """How sure the differences of a quality `metric` (`mae_ppm`) over so many `samples` are; None where an older record
    doesn't say."""

    metric: str
    samples: int
    vs_baseline: Difference | Absent | None = None
    vs_float: Difference | Absent | None = None


@dataclass(frozen=True)
class Sustained:
    """A side's long load. By window: its middle `t_s`, its median `p50_ms` and the means of `signals` (None: not read).
    `ratio`, with its interval: the time of a run in the last `steady_s` over that in the first `first_s`; the same of
    the first change, at `change_s`, None where there is none. `throttled`: what sensors said of it."""

    t_s: tuple[float, ...]
    p50_ms: tuple[float, ...]
    signals: Mapping[str, tuple[float | None, ...]]
    first_s: float
    first_ms: float
    steady_s: float
    steady_ms: float
    ratio: float
    low: float | None = None
    high: float | None = None
    change_s: float | None = None
    change_ratio: float | None = None
    change_low: float | None = None
    change_high: float | None = None
    throttled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roofline:
    """What a side's graph asks for, and the least time that its machine needs for it: reckoned, not measured. `flops`
    and `bytes` are None where nobody knows them; `not_counted` are operators (`TopK ×1`), whose work comes on top.
    `bound_ms` and what makes it (`limit`: `compute` or `memory`) are None where there is a `reason` instead."""

    flops: int | None = None
    bytes: int | None = None
    not_counted: tuple[str, ...] = ()
    bound_ms: float | None = None
    compute_ms: float | None = None
    memory_ms: float | None = None
    limit: str = ""
    precision: str = ""
    source: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Tracked:
    """What its run in MLflow bears beside it: the user's tags, and whether the compiled model's files are sent."""

    tags: Texts = field(default_factory=dict)
    models: bool = False


@dataclass(frozen=True)
class Result:
    """All that a record says; it has a `record_id` once it is written. `provenance` is what its figures are;
    `unavailable` says why others are none, `notes` qualify them; `measurement` has by role what the figures depend on,
    `measurement_key` is the digest of it all. `input_files` are the user's files that it was measured with, `{SHA-256:
    name}`."""

    date: str
    status: str
    spec: Json
    spec_key: str
    metrics: Numbers
    provenance: Provenance
    record_id: str = ""
    reason: str = ""
    next_step: str = ""
    sweep: str = ""
    comparisons: int = 0
    keys: Texts = field(default_factory=dict)
    input_files: Texts = field(default_factory=dict)
    unavailable: Texts = field(default_factory=dict)
    notes: Texts = field(default_factory=dict)
    effective: Mapping[str, Effective] = field(default_factory=dict)
    comparison: Compared | None = None
    conditions: Conditions = field(default_factory=Conditions)
    checks: Mapping[str, Mapping[str, Check]] = field(default_factory=dict)
    outliers: Outliers | None = None
    roofline: Mapping[str, Roofline] = field(default_factory=dict)
    quality: Quality | None = None
    sustained: Mapping[str, Sustained] = field(default_factory=dict)
    validity: Validity | None = None
    environment: Environment = field(default_factory=Environment)
    tracking: Tracked = field(default_factory=Tracked)
    benchmark_s: float | None = None
    warnings: tuple[str, ...] = ()
    measurement_key: str = ""
    measurement: Mapping[str, Dependencies] = field(default_factory=dict)

    @property
    def baseline(self) -> Baseline | None:
        """What it was compared with; None where it was measured alone, or not at all."""
        return self.comparison.baseline if self.comparison else None

    @property
    def origin(self) -> str:
        """Its provenance in a word: `measured`, `estimated`, `imported`, `absent`."""
        return type(self.provenance).__name__.lower()

    @property
    def mark(self) -> str:
        """What stands beside each figure that is no measurement of this tool: `estimated, incomplete`."""
        match self.provenance:
            case Estimated(_, incomplete) if incomplete:
                return f"{self.origin}, incomplete"
            case Imported(source) as found if found.run_here:
                return f"by {source}"
        return self.origin

    @property
    def measured(self) -> bool:
        """Whether its figures are a measurement of this tool."""
        return isinstance(self.provenance, Measured)

    @cached_property
    def measure(self) -> Measure:
        """How surely it was to be measured."""
        return _made(Measure, self.spec.get("measure", {}))

    def ran(self, role: Role) -> Effective:
        """What the runtime made of that side; nothing where the record doesn't say."""
        return self.effective.get(role, Effective())


# --- from JSON ---


def read(content: Json) -> Result:
    """What a record's content says, which `record_shape` finds no fault with."""
    return _made(
        Result,
        content,
        spec=content["spec"] if content.get("origin") == IMPORTED else later_settings.filled(content["spec"]),
        provenance=_provenance(content),
        comparison=_compared(content["comparison"]) if content.get("comparison") else None,
        effective={role: _made(Effective, one) for role, one in _of(content, "effective").items()},
        conditions=_conditions(_of(content, "conditions")),
        checks={role: _each(Check, found) for role, found in _of(content, "checks").items()},
        outliers=_outliers(_of(content, "outliers")),
        roofline={role: _roofline(one) for role, one in _of(content, "roofline").items()},
        quality=_quality(_of(content, "quality")),
        sustained={role: _sustained(one) for role, one in _of(content, "sustained").items()},
        validity=_perhaps(Validity, content.get("validity")),
        environment=_made(Environment, _of(content, "environment")),
        tracking=_made(Tracked, _of(content, "tracking")),
        benchmark_s=_of(content, "timing").get("benchmark_s"),
        warnings=tuple(content.get("warnings") or ()),
        measurement=_dependencies(_of(content, "measurement")),
    )


def _provenance(content: Json) -> Provenance:
    if content["status"] != "ok":
        return Absent(str(content.get("reason") or ""))
    if content.get("origin") == IMPORTED:
        return Imported(content[IMPORTED]["source"], content[IMPORTED])
    return _made(Estimated, content[ESTIMATED]) if content.get("origin") == ESTIMATED else Measured()


def _compared(found: Json) -> Compared:
    without = found.get("without_flagged")
    return _made(
        Compared,
        found,
        baseline=_made(Baseline, found["baseline"], spec=later_settings.filled(found["baseline"]["spec"])),
        floor=_perhaps(NoiseFloor, found.get("floor")),
        verdict_interval=_perhaps(Range, found.get("verdict_interval")),
        without_flagged=_without_flagged(without) if without else None,
        by_pair=tuple(found.get("by_pair") or ()),
        correction=None,
    )


def _without_flagged(found: Json) -> WithoutFlagged:
    flagged = (FlaggedPair(one["pair"], tuple(one["reasons"])) for one in found["flagged"])
    return _made(WithoutFlagged, found, flagged=tuple(flagged))


def _conditions(found: Json) -> Conditions:
    ranges = {name: one for name, one in found.items() if isinstance(one, Mapping) and set(SPREAD) <= set(one)}
    return _made(
        Conditions,
        found,
        spreads=_each(Spread, ranges),
        flags={one["pair"]: tuple(one["flags"]) for one in found.get("pairs") or () if one.get("flags")},
        baseline=_conditions(found["baseline"]) if "baseline" in found else None,
    )


def _outliers(found: Json) -> Outliers | None:
    far = {name: _made(FarOut, found[name]) for name in ("pairs", "candidate", "baseline") if name in found}
    return Outliers(found["rule"], **far) if found else None


def _roofline(found: Json) -> Roofline:
    return _made(Roofline, found, not_counted=tuple(found.get("not_counted") or ()))


def _sustained(found: Json) -> Sustained:
    windows, first, steady, change = found["windows"], found["first"], found["steady"], found["change"] or {}
    return Sustained(
        t_s=tuple(windows["t_s"]),
        p50_ms=tuple(windows["p50_ms"]),
        signals={name: tuple(values) for name, values in windows["signals"].items()},
        first_s=first["seconds"],
        first_ms=first["p50_ms"],
        steady_s=steady["seconds"],
        steady_ms=steady["p50_ms"],
        ratio=steady["ratio"],
        low=steady["low"],
        high=steady["high"],
        change_s=change.get("at_s"),
        change_ratio=change.get("ratio"),
        change_low=change.get("low"),
        change_high=change.get("high"),
        throttled=tuple(found["throttled"]),
    )


def _dependencies(found: Json) -> dict[str, Dependencies]:
    """By role; the rest of it is what planning compares."""
    return {role: _made(Dependencies, found[role]) for role in ROLES if found.get(role)}


def _quality(found: Json) -> Quality | None:
    against = {name: _difference(found[name]) for name in ("vs_baseline", "vs_float") if name in found}
    return _made(Quality, found, **against) if found else None


def _difference(found: Json) -> Difference | Absent:
    return Absent(found["reason"]) if "reason" in found else _made(Difference, found)


def _of(content: Json, name: str) -> Json:
    """One part; empty where a record lacks it, or has it as null."""
    found: Json = content.get(name) or {}
    return found


def _each(kind: type[T], found: Mapping[str, Json]) -> dict[str, T]:
    return {name: _made(kind, one) for name, one in found.items()}


def _perhaps(kind: type[T], found: Json | None) -> T | None:
    return _made(kind, found) if found else None


def _made(kind: type[T], found: Json, **parts: Any) -> T:
    """What `found` says of the fields of `kind`, with the `parts` that were read already."""
    names = {one.name for one in fields(kind)} - set(parts)  # type: ignore[arg-type]
    return kind(**{name: found[name] for name in names if found.get(name) is not None}, **parts)
