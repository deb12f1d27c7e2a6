"""A row of a comparison: one spec's latest record, and what it is beside the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.measure.noise_floor import NoiseFloor
from runner.results.record_schema import Correction, Result
from runner.results.records import Record


@dataclass(frozen=True)
class Against:
    """A row's speed-up over the chosen baseline. `kind`: `paired`, `across devices`, `unpaired`, or `baseline` for the
    baseline's own row; `low` and `high` are None where there is no finite interval, `p_value` and `floor` where a
    record lacks them. `correction` is what became of the verdict among others; `over` what the baseline is called
    beside this row; `made` the key of what was compiled of it. `own`: it was measured with the row's record, not
    recomputed from stored samples."""

    ratio: float
    low: float | None
    high: float | None
    verdict: str
    pairs: int
    kind: str
    p_value: float | None = None
    floor: NoiseFloor | None = None
    correction: Correction | None = None
    over: str = ""
    made: str = ""
    own: bool = False


@dataclass(frozen=True)
class Row:
    """One spec's latest record. `metrics` hold no `vs_baseline/…` over another baseline than the chosen one;
    `missing` says why there is no speed-up, or no measurement at all; `base` is the spec of what it was compared with,
    `group` what tells the rows that it is ranked among from others (empty: all are)."""

    record: Record
    metrics: Mapping[str, float]
    against: Against | None
    missing: str
    base: Mapping[str, Any] | None = None
    group: str = ""

    @property
    def result(self) -> Result:
        """What the record says."""
        return self.record.result

    @property
    def measured(self) -> bool:
        """Whether there are figures that count: an edited record's are nobody's measurement."""
        return self.result.status == "ok" and self.record.seal != "edited"

    @property
    def unfit(self) -> str:
        """Why nobody should choose it, however fast it is: a check of what it computes failed; empty where none did."""
        checks = self.result.checks.get("candidate", {}).values()
        return next((check.reason for check in checks if check.status == "failed"), "")
