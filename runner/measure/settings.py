"""Rules of `measure`: how much is measured before an answer is given. Values are in `conf/measure/`."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.errors import SpecError
from runner.core.setting_rules import setting

SAME = "same"


@dataclass(frozen=True)
class Settings:
    """One pair is two fresh processes, one of the candidate and one of the baseline."""

    min_pairs: int = setting("pairs that are always measured; at 95 % no interval is finite below 6", low=1, high=10000)
    max_pairs: int = setting("pairs after which no more are measured", low=1, high=10000)
    target: float = setting(
        "stop when the verdict's interval is this narrow (half its width, 0.015 = ±1.5 %)", low=0.0, high=1.0
    )
    budget_s: float = setting("time after which no new pair is begun, once min_pairs are there", unit="s", low=0.0)
    iterations: int = setting("least timed iterations of each process", low=1, high=10_000_000)
    min_seconds: float = setting("least timed work of each process", unit="s", low=0.0, high=3600.0)
    max_seconds: float | None = setting(
        "timed work after which a process stops short of its iterations; null: never", unit="s", low=0.001
    )
    warmup: int = setting("iterations before the timed ones", low=0, high=10_000_000)
    warmup_seconds: float = setting("least time of the warm-up", unit="s", low=0.0, high=3600.0)
    burst: int = setting("iterations of one side before the other takes its turn", low=1, high=1_000_000)
    burst_seconds: float = setting("least time of such a burst", unit="s", low=0.0, high=60.0)
    inputs: int = setting("different inputs, drawn by seed, that the iterations go round", low=1, high=100_000)
    confidence: float = setting("confidence of the intervals that are shown", low=0.5, high=0.999)
    verdict_confidence: float = setting(
        "confidence of the interval that stops and decides; above the shown one, as it is looked at repeatedly",
        low=0.5,
        high=0.9999,
    )
    floor: float = setting(
        "smallest difference that is called one (0.01 = 1 %) on a machine without a calibration", low=0.0, high=1.0
    )
    equivalence: float = setting("`same` is an interval within this (0.03 = ±3 %)", low=0.001, high=1.0)
    pin: str | tuple[int, ...] | None = setting(
        "where the measured processes run: same (one-thread processes of a pair share a CPU, the next pair another), "
        "[2,3] those CPUs, null wherever the system puts them"
    )
    apart_s: float = setting(
        "pause between the first half of min_pairs and the rest: for what is fast in streaks",
        unit="s",
        low=0.0,
        high=3600.0,
    )
    valid_seconds: float | None = setting(
        "timed work of the candidate that a VALID result needs (MLPerf: 600); null: nobody asks", unit="s", low=0.0
    )

    def __post_init__(self) -> None:
        if isinstance(self.pin, str) and self.pin != SAME:
            raise SpecError(f"measure.pin={self.pin}: same, a list of CPUs or null expected.", "For instance [2,3].")
        if self.verdict_confidence < self.confidence:
            raise SpecError(
                f"measure.verdict_confidence={self.verdict_confidence:g} is below "
                f"measure.confidence={self.confidence:g}.",
                "Raise the one or lower the other.",
            )
        if isinstance(self.pin, tuple) and (not self.pin or min(self.pin) < 0):
            raise SpecError(
                f"measure.pin={list(self.pin)}: numbers of CPUs expected.", "measure.pin=[0], or null for no pinning."
            )
        if self.max_pairs < self.min_pairs:
            raise SpecError(
                f"measure.max_pairs={self.max_pairs} is below measure.min_pairs={self.min_pairs}.",
                "Raise the one or lower the other.",
            )
        if self.max_seconds is not None and self.max_seconds < self.min_seconds:
            raise SpecError(
                f"measure.max_seconds={self.max_seconds:g} is below measure.min_seconds={self.min_seconds:g}.",
                "Raise the one or lower the other, or set max_seconds=null.",
            )


def settings_class(name: str) -> type:
    """One for every option: its name is no more than a name."""
    return Settings
