"""All samples are there at once and go through in batches (MLPerf Offline): the time of a batch is compared, which is
throughput's inverse. A session that can runs several batches at once: then it is the time of all over their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.core.setting_rules import setting
from runner.measure.batches import effect as effect
from runner.measure.batches import level as level
from runner.measure.batches import take_turns as take_turns

OVERLAPS = True
LEAST_SAMPLES = 24_576  # MLPerf Inference rules, section on scenarios


@dataclass(frozen=True)
class Settings:
    batch: int = setting("samples in one inference", unit="samples", low=1, high=65536)


def check(settings: Settings) -> None:
    """Any batch will do."""


def unpublishable(samples: int) -> Iterator[str]:
    """Too few of them."""
    if samples < LEAST_SAMPLES:
        yield f"{samples} samples of at least {LEAST_SAMPLES} (measure.iterations)"
