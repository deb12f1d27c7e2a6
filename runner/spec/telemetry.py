"""Rules of `telemetry`: how often the sampler looks, and how long a side works for its energy."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.setting_rules import setting


@dataclass(frozen=True)
class Settings:
    """Values are in `conf/config.yaml`."""

    interval_ms: int | None = setting("time between two samples; null: no sampler runs", unit="ms", low=10, high=60_000)
    energy_s: float = setting(
        "uninterrupted work of each side, in each of the first pairs, in which its power is read; "
        "only where there is a power sensor; 0: none",
        unit="s",
        low=0.0,
        high=600.0,
    )
