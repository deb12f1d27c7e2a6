"""One side of an explanation: what was measured of it, and its profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.measure.layer_groups import HEAVY, Layer, group_of, total_ms
from runner.results.record_schema import Effective, Roofline

ROUNDING_MS = 1e-9
P50 = "latency/p50_ms"
INT8 = {"int8_dynamic": "int8"}  # what a layer's precision is called where that was asked for


@dataclass(frozen=True)
class Profile:
    """`layers.json` of one side: `run_ms` a run under the profiler, `measured_ms` one without it."""

    layers: tuple[Layer, ...]
    statistic: str
    run_ms: float
    measured_ms: float
    resolution_ms: float

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Profile:
        """From a side's part of the file."""
        run_ms, measured_ms, resolution_ms = (
            found.get(key, 0.0) / 1e6 for key in ("run_ns", "measured_ns", "resolution_ns")
        )
        return cls(tuple(found["layers"]), found["statistic"], run_ms, measured_ms, resolution_ms)

    @property
    def sum_ms(self) -> float:
        """What all layers take."""
        return total_ms(self.layers)

    @property
    def rest_ms(self) -> float:
        """What of a run under the profiler is in no layer: of a runtime and its profiler."""
        return max(0.0, self.run_ms - self.sum_ms)

    @property
    def hides(self) -> bool:
        """Whether its layers alone take longer than a whole run without the profiler: then what lies between them
        can't be told."""
        return 0 < self.measured_ms < self.sum_ms - ROUNDING_MS

    @property
    def between_ms(self) -> float:
        """What of a run without the profiler is in no layer; 0 where the profiler hides it."""
        return max(0.0, (self.measured_ms or self.run_ms) - self.sum_ms)


@dataclass(frozen=True)
class Side:
    """`role` is `candidate` or `baseline` of the explanation, `name` what people call it, `record_id` the record that
    holds it; `missing` is why it has no `profile`; `p50_ms` its measured median."""

    role: str
    name: str
    record_id: str
    spec: Mapping[str, Any]
    effective: Effective
    profile: Profile | None
    missing: str
    p50_ms: float | None
    roofline: Roofline | None

    @property
    def asked(self) -> str:
        """The precision that was asked for, as layers call it."""
        name = str(self.spec.get("precision", {}).get("name", ""))
        return INT8.get(name, name)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Those that took any time: a runtime lists what it fused away, too."""
        return tuple(one for one in self.profile.layers if one["ns"]) if self.profile else ()

    def of_group(self, *groups: str) -> list[Layer]:
        """Its layers of these groups, the longest first."""
        found = [one for one in self.layers if group_of(one["type"]) in groups]
        return sorted(found, key=lambda one: -one["ns"])

    @property
    def heavy(self) -> list[Layer]:
        """The layers that do a model's work."""
        return self.of_group(*HEAVY)
