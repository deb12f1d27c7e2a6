"""Rules of `scenario`: how inputs arrive. Names as in MLPerf Inference (SingleStream, Offline)."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.errors import Impossible
from runner.core.setting_rules import setting

NAMES = ("single_stream", "offline")


@dataclass(frozen=True)
class Settings:
    batch: int = setting("samples in one inference", unit="samples", low=1, high=65536)


def check(name: str, settings: Settings) -> None:
    """Raises Impossible for a batch that the scenario's name contradicts."""
    if name == "single_stream" and settings.batch != 1:
        raise Impossible(
            f"scenario.batch={settings.batch}: single_stream runs one sample at a time.",
            f"Use scenario=offline scenario.batch={settings.batch}.",
        )
