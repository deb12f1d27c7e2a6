"""What a record of others must look like, where it says anything: all that pages, tables and comparisons rely on.

More may be there: a newer version's record is read by an older one. Numbers are finite; types are not converted.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from runner.foreign import visible
from runner.portable.untrusted import Untrusted, finite
from runner.report.naming import AXES, IMPORTED

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0)]
Texts = dict[str, str]
Numbers = dict[str, float]
Verdict = Literal["faster", "slower", "same", "ambiguous"]
SPREAD = ("min", "median", "max")


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _Range(_Shape):
    ratio: Positive
    low: Positive | None = None
    high: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> _Range:
        if self.low is not None and self.high is not None and not self.low <= self.ratio <= self.high:
            raise ValueError("the ratio lies outside its interval")
        return self


class _FlaggedPair(_Shape):
    pair: Count
    reasons: list[str]


class _WithoutFlagged(_Shape):
    ratio: Positive | None
    low: Positive | None
    high: Positive | None
    verdict: Verdict | None
    pairs: Count
    flagged: list[_FlaggedPair]


class _Floor(_Shape):
    value: Annotated[float, Field(ge=0)]
    source: str


class _Baseline(_Shape):
    label: str
    spec: dict[str, Any]
    keys: Texts = {}
    metrics: Numbers = {}


class _Comparison(_Range):
    baseline: _Baseline
    verdict: Verdict
    pairs: Annotated[int, Field(ge=1)]
    kind: str
    stopped_by: str | None = None
    confidence: Share | None = None
    p_value: Annotated[float, Field(ge=0, le=1)] | None = None
    floor: _Floor | None = None
    verdict_interval: _Range | None = None
    without_flagged: _WithoutFlagged | None = None
    by_pair: list[Positive] | None = None


class _PairConditions(_Shape):
    pair: Count
    flags: list[str] = []


class _Conditions(_Shape):
    pairs: list[_PairConditions] = []
    absent: Texts = {}
    governor: str | None = None

    @model_validator(mode="after")
    def _spreads(self) -> _Conditions:
        for name, one in (self.__pydantic_extra__ or {}).items():
            if isinstance(one, dict) and set(SPREAD) <= set(one) and not all(finite(one[key]) for key in SPREAD):
                raise ValueError(f"{name} is no spread of numbers")
        return self


class _Effective(_Shape):
    settings: dict[str, Any] = {}
    precision: dict[str, dict[str, int]] = {}
    quantized: dict[str, Annotated[list[int], Field(min_length=2, max_length=2)]] = {}


class _Check(_Shape):
    status: str
    reason: str


class _Outliers(_Shape):
    count: Count
    of: Count


class _EveryOutlier(_Shape):
    rule: str = ""
    pairs: _Outliers | None = None
    candidate: _Outliers | None = None
    baseline: _Outliers | None = None


class _Validity(_Shape):
    verdict: str
    reason: str


class _Measure(_Shape):
    confidence: Share = 0.95
    verdict_confidence: Share = 0.98
    equivalence: Positive = 0.03
    floor: Annotated[float, Field(ge=0)] = 0.01
    target: Annotated[float, Field(ge=0)] = 0.0
    budget_s: Annotated[float, Field(ge=0)] = 0.0
    max_pairs: Count = 0


class _Option(_Shape):
    name: Annotated[str, Field(max_length=200)]


class _Environment(_Shape):
    python: str | None = None
    packages: dict[str, str | None] = {}
    hardware: dict[str, Any] | None = None


class _Timing(_Shape):
    benchmark_s: Positive | None = None


class _Record(_Shape):
    schema_: Annotated[int, Field(alias="schema")]
    record_id: Annotated[str, Field(pattern=r"^[0-9]{8}T[0-9]{6}-[0-9a-f]{8}$")]
    date: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})$")]
    status: Literal["ok", "unsupported", "unavailable", "failed", "timeout"]
    reason: str | None = None
    next_step: str | None = None
    sweep: str | None = None
    origin: str | None = None
    spec: dict[str, Any]
    spec_key: str
    keys: Texts = {}
    metrics: Numbers
    unavailable: Texts = {}
    notes: Texts = {}
    effective: dict[str, _Effective] = {}
    comparison: _Comparison | None = None
    conditions: _Conditions
    checks: dict[str, dict[str, _Check]] = {}
    outliers: _EveryOutlier = _EveryOutlier()
    validity: _Validity | None = None
    warnings: list[str] = []
    environment: _Environment
    timing: _Timing = _Timing()
    imported: dict[str, Any] | None = None


class _Seen(_Shape):
    min: float
    mean: float
    max: float


class _Side(_Shape):
    in_bursts: dict[str, _Seen] = {}


class _Interval(_Shape):
    asked: float | None = None
    achieved: float | None = None


class _Profile(_Shape):
    samples: Count
    missed: Count = 0
    interval_ms: _Interval = _Interval()
    signals: dict[str, _Seen] = {}
    absent: Texts = {}
    sides: dict[str, _Side] = {}


class _Correction(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    verdict: Verdict
    alone: Verdict
    p_value: Annotated[float, Field(ge=0, le=1)]
    alpha: Share
    comparisons: Annotated[int, Field(ge=1)]
    family: str


def check_record(content: dict[str, Any]) -> None:
    """Raises Untrusted, which names the first key that is not as pages and tables need it."""
    _check(TypeAdapter(_Record), content)
    specs = [content["spec"], *([content["comparison"]["baseline"]["spec"]] if content.get("comparison") else [])]
    for spec in specs:
        for axis in filter(spec.__contains__, AXES):
            _check(TypeAdapter(_Option), spec[axis], f"spec.{axis}.")
    if content["status"] == "ok" and content.get("origin") != IMPORTED:
        _check(TypeAdapter(_Measure), content["spec"].get("measure"), "spec.measure.")
    if content.get("origin") == IMPORTED and "source" not in (content.get("imported") or {}):
        raise Untrusted("has no usable 'imported.source'")


def check_profile(report: dict[str, Any]) -> None:
    """The same of a `profile_report.yaml`."""
    _check(TypeAdapter(_Profile), report)


def check_correction(correction: dict[str, Any]) -> None:
    """The same of a `correction.json`."""
    _check(TypeAdapter(_Correction), correction)


def _check(shape: TypeAdapter[Any], content: Any, prefix: str = "") -> None:
    try:
        shape.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = visible(prefix + ".".join(str(part) for part in first["loc"]))
        raise Untrusted(f"has no usable {place.rstrip('.')[:200]!r} ({first['msg']})") from None
